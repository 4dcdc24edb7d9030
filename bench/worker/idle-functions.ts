/** Functions that do nothing but read their input: what the Functions library and a call cost by themselves. */
import { app } from "@azure/functions";

app.http("intake", {
  methods: ["POST"],
  authLevel: "anonymous",
  route: "customerio",
  handler: async (request) => {
    await request.arrayBuffer();
    return { status: 200 };
  },
});

app.storageQueue("forwarder", { queueName: "events", connection: "RELAY_STORAGE", handler: () => undefined });
