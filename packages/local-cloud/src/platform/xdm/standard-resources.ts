import type { ResourceKind } from "../state/model.ts";
import type { JsonObject } from "../web/json.ts";

const experienceEventClass = "https://ns.adobe.com/xdm/context/experienceevent";
export const timeSeriesBehavior = "https://ns.adobe.com/xdm/data/time-series";
const profileClass = "https://ns.adobe.com/xdm/context/profile";
const identityMapFieldGroup = "https://ns.adobe.com/xdm/context/identitymap";

const identityMap: JsonObject = {
  title: "IdentityMap",
  type: "object",
  additionalProperties: {
    type: "array",
    items: {
      type: "object",
      properties: {
        id: { title: "Identifier", type: "string" },
        authenticatedState: {
          title: "Authenticated state",
          type: "string",
          enum: ["ambiguous", "authenticated", "loggedOut"],
        },
        primary: { title: "Primary", type: "boolean" },
      },
    },
  },
  "meta:xdmField": "xdm:identityMap",
};

/**
 * The parts of Adobe's global library that a Customer.io schema builds on. `required` names fields by their XDM name
 * (`meta:xdmField`), as the library's ExperienceEvent class does: `_id` and `timestamp` are mandatory.
 */
export const standardResources: readonly { kind: ResourceKind; id: string; body: JsonObject }[] = [
  {
    kind: "classes",
    id: experienceEventClass,
    body: {
      title: "XDM ExperienceEvent",
      description: "The core Experience Event XDM: an immutable fact with its time.",
      type: "object",
      "meta:extends": [timeSeriesBehavior],
      properties: {
        _id: { title: "Identifier", type: "string", "meta:xdmField": "@id" },
        timestamp: { title: "Timestamp", type: "string", format: "date-time", "meta:xdmField": "xdm:timestamp" },
        eventType: { title: "Event Type", type: "string", "meta:xdmField": "xdm:eventType" },
        eventMergeId: { title: "Event merge ID", type: "string", "meta:xdmField": "xdm:eventMergeId" },
        producedBy: { title: "Produced by", type: "string", "meta:xdmField": "xdm:producedBy" },
        identityMap,
      },
      required: ["@id", "xdm:timestamp"],
    },
  },
  {
    kind: "classes",
    id: profileClass,
    body: {
      title: "XDM Individual Profile",
      description: "A singular representation of the attributes of an individual.",
      type: "object",
      "meta:extends": ["https://ns.adobe.com/xdm/data/record"],
      properties: {
        _id: { title: "Identifier", type: "string", "meta:xdmField": "@id" },
        personID: { title: "Person ID", type: "string", "meta:xdmField": "xdm:personID" },
        _repo: {
          type: "object",
          properties: {
            createDate: { type: "string", format: "date-time", "meta:xdmField": "repo:createDate" },
            modifyDate: { type: "string", format: "date-time", "meta:xdmField": "repo:modifyDate" },
          },
        },
      },
    },
  },
  {
    kind: "mixins",
    id: identityMapFieldGroup,
    body: {
      title: "IdentityMap",
      description: "Identities by namespace.",
      type: "object",
      "meta:intendedToExtend": [experienceEventClass, profileClass],
      definitions: { identitymap: { properties: { identityMap } } },
      allOf: [{ $ref: "#/definitions/identitymap" }],
    },
  },
];
