import { WebhookSender } from "../../src/customer-io/sending/sender.ts";

const sender = new WebhookSender();
const { status } = await sender.post(process.argv[2] ?? "", "{}", {}, 4000);
process.stdout.write(String(status));
sender.close();
