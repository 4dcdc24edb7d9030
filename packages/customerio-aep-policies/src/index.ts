export { relayPolicies } from "./relay-policies.ts";
