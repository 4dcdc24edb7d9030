/**
 * The relay as most people would write it for Azure Functions: the HTTP function checks the signature and puts the event into a queue by
 * its output binding, and the queue function makes one call for each message. Retries, dead letters and repetitions are left to the host.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { app, output } from "@azure/functions";

const { QUEUE_NAME: queueName = "", SINK_URL: sinkUrl = "", SIGNING_KEY: signingKey = "" } = process.env;
const connection = "QUEUE_CONNECTION";
const events = output.storageQueue({ queueName, connection });

app.http("webhook", {
  methods: ["POST"],
  authLevel: "anonymous",
  route: "customerio",
  extraOutputs: [events],
  handler: async (request, context) => {
    const body = await request.text();
    const expected = createHmac("sha256", signingKey)
      .update(`v0:${request.headers.get("x-cio-timestamp")}:${body}`)
      .digest();
    const given = Buffer.from(request.headers.get("x-cio-signature") ?? "", "hex");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { status: 401 };
    context.extraOutputs.set(events, JSON.parse(body));
    return { status: 200 };
  },
});

app.storageQueue("forward", {
  queueName,
  connection,
  handler: async (event) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(sinkUrl, { method: "POST", headers, body: JSON.stringify(event) });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`Platform answered ${response.status}`);
  },
});
