/**
 * The sources in Adobe's catalogue that can receive Customer.io's events, by the ids of their connection specifications:
 * its own source for Customer.io, a beta ("Create a source connection and dataflow for Customer.io"), and the HTTP API
 * source, which every organization has ("Create an HTTP API streaming connection using the Flow Service API").
 */
export const connectionSpecs = {
  customerio: "96479064-7b8a-4d69-b9ed-21c5683837ea",
  http: "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb",
} as const;

/** The flow specifications of the two sources: with a mapping, from JSON into the data lake (the same tutorials). */
export const flowSpecs = {
  customerio: "e77fde5a-22a8-11ed-861d-0242ac120002",
  http: "c1a19761-d2c7-4702-b9fa-fe91f0613e81",
} as const;
