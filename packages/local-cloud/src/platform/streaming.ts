import { Hono } from "hono";
import { injectFaults } from "./faults.ts";
import { settle } from "./flow-service/lifecycle.ts";
import { ingest } from "./ingestion.ts";
import type { Receipt } from "./state/journal.ts";
import type { Flow, Sandbox } from "./state/model.ts";
import type { PlatformState } from "./state/state.ts";
import { answer, type PlatformContext, type PlatformEnvironment, pathParameter } from "./web/http.ts";
import { isObject, type Json, type JsonObject, objectOf, stringOf } from "./web/json.ts";
import { inletProblem, type Problem, tokenProblem } from "./web/problem.ts";

/**
 * The streaming host: inlets that receive events for flows. 200 only means received; mapping and validation come
 * afterwards.
 */
export function streamingRoutes(state: PlatformState): Hono<PlatformEnvironment> {
  const routes = new Hono<PlatformEnvironment>();
  const faults = injectFaults(state, "inlet");
  routes.post("/collection/batch/:inletId", faults, async (context) => {
    const inlet = findInlet(state, context);
    const { messages } = objectOf(await readMessage(state, context));
    if (!Array.isArray(messages)) throw inletProblem(400, "Invalid XDM Message Format", "messages is missing");
    const receivedTimeMs = state.clock();
    const transaction = transactionId(state, receivedTimeMs);
    return answer(207, {
      inletId: inlet.flow.inletId,
      batchId: transaction,
      receivedTimeMs,
      responses: messages.map((message, index) => {
        const xactionId = `${transaction}:${index}`;
        const refusal = receive(state, inlet, { message, xactionId, flowId: flowIdOf(context), isBatch: true });
        return refusal === undefined ? { xactionId } : { statusCode: refusal.status, message: refusal.message };
      }),
    });
  });
  routes.post("/collection/:inletId", faults, async (context) => {
    if (context.req.query("syncValidation") === "true") {
      throw inletProblem(501, "Not Implemented", "Synchronous validation is not supported for this location");
    }
    const inlet = findInlet(state, context);
    const message = await readMessage(state, context);
    const receivedTimeMs = state.clock();
    const xactionId = transactionId(state, receivedTimeMs);
    const refusal = receive(state, inlet, { message, xactionId, flowId: flowIdOf(context), isBatch: false });
    if (refusal !== undefined) throw refusal;
    return answer(200, { inletId: inlet.flow.inletId, xactionId, receivedTimeMs });
  });
  return routes;
}

interface Inlet {
  readonly flow: Flow;
  readonly sandbox: Sandbox;
}

interface Delivery {
  readonly message: Json;
  readonly xactionId: string;
  /** From header or query. */
  readonly flowId: string | undefined;
  readonly isBatch: boolean;
}

function findInlet(state: PlatformState, context: PlatformContext): Inlet {
  const id = pathParameter(context, "inletId");
  const inlet = state.flowOfInlet(id, flowIdOf(context));
  if (inlet === undefined) {
    throw inletProblem(state.switches.unknownInlet, "Unknown inlet", `inletId: [${id}] not found`);
  }
  if (state.needsToken(inlet.sandbox, id)) authorize(state, context, id);
  settle(state, inlet.flow);
  return inlet;
}

/**
 * The checks of an authenticated inlet: a valid access token (http.md, "Sending messages to an authenticated streaming
 * connection") and the organization's id.
 */
function authorize(state: PlatformState, context: PlatformContext, inletId: string): void {
  const token = context.req.header("authorization")?.replace(/^Bearer /, "") ?? "";
  if (token === "") throw tokenProblem(`[${inletId}] Ims service token is empty`);
  if ((state.tokens.get(token) ?? 0) <= state.clock()) throw tokenProblem(`[${inletId}] Ims service token is invalid`);
  const orgId = context.req.header("x-gw-ims-org-id");
  if (orgId === undefined && state.switches.inletOrganization === "optional") return;
  if (orgId !== state.options.credentials.orgId) throw tokenProblem(`[${inletId}] Ims org is absent or wrong`);
}

/** The flow id, from the header or from the query, since Customer.io's webhook can't send headers (UI tutorial). */
function flowIdOf(context: PlatformContext): string | undefined {
  return context.req.header("x-adobe-flow-id") ?? context.req.query("x-adobe-flow-id");
}

async function readMessage(state: PlatformState, context: PlatformContext): Promise<Json> {
  const limit = state.switches.maximumRequestBytes;
  const tooLarge = () => inletProblem(413, "Payload Too Large", `The payload is larger than ${limit} bytes`);
  if (Number(context.req.header("content-length") ?? 0) > limit) throw tooLarge();
  const body = Buffer.from(await context.req.arrayBuffer());
  if (body.byteLength > limit) throw tooLarge();
  if (!/^application\/json\s*(;|$)/i.test(context.req.header("content-type") ?? "")) {
    throw inletProblem(400, "Invalid XDM Message Format", "The content type must be application/json");
  }
  try {
    return JSON.parse(body.toString("utf8")) as Json;
  } catch {
    throw inletProblem(400, "Invalid XDM Message Format", "Message is not valid JSON");
  }
}

/** Accepts one message, or returns why not. */
function receive(state: PlatformState, inlet: Inlet, delivery: Delivery): Problem | undefined {
  const { flow, sandbox } = inlet;
  const { message, xactionId, isBatch } = delivery;
  const orgId = state.options.credentials.orgId;
  const refusal = (text: string) =>
    inletProblem(400, "Invalid XDM Message Format", `inletId: [${flow.inletId}] imsOrgId: [${orgId}] ${text}`);
  if (!isObject(message)) return refusal("Message has unknown xdm format");
  const header = isObject(message.header) && isObject(message.body) ? message.header : undefined;
  if (header === undefined && isBatch && state.switches.rawEventsInBatch === "refused") {
    return refusal("Message has unknown xdm format");
  }
  if (header?.imsOrgId !== undefined && header.imsOrgId !== orgId) {
    return refusal("Message has an absent or wrong ims org in the header");
  }
  const flowId = delivery.flowId ?? stringOf(header?.flowId);
  const record = header === undefined ? message : objectOf(objectOf(message.body).xdmEntity);
  const lost = lossOf(state, flow, flowId);
  if (lost?.refuse === true) return refusal(lost.reason);
  const receipt = newReceipt(state, { xactionId, flow, flowId, record });
  if (lost !== undefined) {
    state.journal.receipts.push({ ...receipt, fate: "dropped", reason: lost.reason });
    return undefined;
  }
  if (state.switches.rowsShow === "later") {
    state.journal.receipts.push(receipt);
    return undefined;
  }
  const bytes = Buffer.byteLength(JSON.stringify(message));
  const arrival = { sandbox, flow, record, bytes, isXdm: header !== undefined };
  state.journal.later(receipt, () => ingest(state, arrival, receipt));
  return undefined;
}

/** Why an event doesn't reach the flow, and whether the inlet says so. */
function lossOf(
  state: PlatformState,
  flow: Flow,
  flowId: string | undefined,
): { reason: string; refuse: boolean } | undefined {
  const { missingFlowId, unknownFlow, disabledFlow, beforeEnabled } = state.switches;
  if (flowId === undefined) {
    return { reason: "Message has no flow id (x-adobe-flow-id)", refuse: missingFlowId === "refused" };
  }
  if (flowId !== flow.id) {
    return { reason: `The flow ${flowId} does not belong to this inlet`, refuse: unknownFlow === "refused" };
  }
  if (flow.state === "disabled") {
    return { reason: `The flow ${flowId} is disabled`, refuse: disabledFlow === "refused" };
  }
  if (beforeEnabled === "dropped" && (flow.state === "enabling" || state.clock() < flow.warmAt)) {
    return { reason: `The flow ${flowId} is still being enabled`, refuse: false };
  }
  return undefined;
}

function newReceipt(
  state: PlatformState,
  {
    xactionId,
    flow,
    flowId,
    record,
  }: { xactionId: string; flow: Flow; flowId: string | undefined; record: JsonObject },
): Receipt {
  return {
    eventId: stringOf(record.event_id) ?? stringOf(record._id) ?? null,
    xactionId,
    inletId: flow.inletId,
    flowId: flowId ?? null,
    time: new Date(state.clock()).toISOString(),
    fate: "pending",
    reason: null,
    warnings: [],
  };
}

/** `1584479347507:2153:240`: the time and two numbers that make it unique. */
function transactionId(state: PlatformState, now: number): string {
  state.transactions += 1;
  return `${now}:${Math.floor(state.transactions / 1000) % 10_000}:${state.transactions % 1000}`;
}
