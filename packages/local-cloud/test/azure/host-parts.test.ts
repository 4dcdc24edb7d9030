import fc from "fast-check";
import { HostLog, type HostLogLevel } from "../../src/azure/function-host/host-log.ts";
import { parseTimeSpan, readHostSettings } from "../../src/azure/function-host/host-settings.ts";
import { compileRoute, matchRoute, sortRoutes } from "../../src/azure/function-host/http-routes.ts";
import { decodeMessage, encodeMessage } from "../../src/azure/function-host/queues/message-encoding.ts";
import { PollingDelay } from "../../src/azure/function-host/queues/polling-delay.ts";

describe("time spans", () => {
  test.each([
    ["00:05:00", 300_000],
    ["7.00:00:00", 604_800_000],
    ["00:00:00.25", 250],
    ["1:2:3", 3_723_000],
    ["00:00:60", undefined],
    ["24:00:00", undefined],
    ["5", undefined],
    ["", undefined],
  ])("%s", (text, milliseconds) => {
    expect(parseTimeSpan(text)).toBe(milliseconds);
  });
});

describe("host.json", () => {
  test("defaults are the documented ones", () => {
    expect(readHostSettings('{"version":"2.0"}', {})).toEqual({
      functionTimeout: 1_800_000,
      hasExtensionBundle: false,
      routePrefix: "api",
      queues: {
        batchSize: 16,
        newBatchThreshold: 8,
        visibilityTimeout: 0,
        maxDequeueCount: 5,
        maxPollingInterval: 60_000,
        messageEncoding: "base64",
      },
      logFilter: {},
    });
  });

  test("app settings replace values in any case; the threshold depends on the batch", () => {
    const text = JSON.stringify({
      version: "2.0",
      extensions: { queues: { batchSize: 16, visibilityTimeout: "00:00:30" } },
    });
    const { queues, functionTimeout } = readHostSettings(text, {
      AzureFunctionsJobHost__extensions__Queues__batchsize: "2",
      AzureFunctionsJobHost__functionTimeout: "-1",
      AzureFunctionsJobHost__extensions__http__routePrefix: "",
      OTHER__extensions__queues__batchSize: "3",
    });
    expect(queues).toMatchObject({ batchSize: 2, newBatchThreshold: 1, visibilityTimeout: 30_000 });
    expect(functionTimeout).toBeUndefined();
  });

  test.each([
    ['{"version":"1.0"}', /version/],
    ['{"version":"2.0","functionTimeout":"forever"}', /"forever" is not a time span/],
    ['{"version":"2.0","extensions":{"queues":{"batchSize":0}}}', /batchSize/],
    ['{"version":"2.0","extensions":{"queues":{"messageEncoding":"utf8"}}}', /messageEncoding/],
  ])("%s is refused", (text, reason) => {
    expect(() => readHostSettings(text, {})).toThrow(reason);
  });
});

describe("routes", () => {
  const match = (template: string, path: string, method = "GET") =>
    matchRoute([compileRoute("it", ["GET"], "", template)], method, path)?.params;

  test.each([
    ["customerio", "/customerio", {}],
    ["customerio", "/CustomerIO/", {}],
    ["customerio", "/customerio/x", undefined],
    ["items/{id:int}", "/items/12", { id: "12" }],
    ["items/{id:int}", "/items/a", undefined],
    ["items/{id?}", "/items", {}],
    ["items/{id?}", "/items/a%2Fb", { id: "a/b" }],
    ["files/{*path}", "/files/a/b", { path: "a/b" }],
    ["files/{*path}", "/files", {}],
    ["a.b", "/axb", undefined],
  ])("%s with %s", (template, path, params) => {
    expect(match(template, path)).toEqual(params);
  });

  test("the method matters, and the more exact route wins", () => {
    expect(match("x", "/x", "POST")).toBeUndefined();
    const routes = sortRoutes(
      ["{*all}", "{name}", "{id:int}", "known"].map((template) => compileRoute(template, ["GET"], "", template)),
    );
    const winner = (path: string) => matchRoute(routes, "GET", path)?.target;
    expect([winner("/known"), winner("/12"), winner("/abc"), winner("/a/b")]).toEqual([
      "known",
      "{id:int}",
      "{name}",
      "{*all}",
    ]);
  });

  test("an unknown constraint is refused", () => {
    expect(() => compileRoute("it", ["GET"], "", "{id:magic}")).toThrow('constraint "magic"');
  });
});

test("encoding and decoding returns the same text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("base64" as const, "none" as const),
      (text, encoding) => {
        expect(decodeMessage(encodeMessage(text, encoding), encoding)).toBe(text);
      },
    ),
  );
});

test("an idle listener waits 100 ms first, never longer than the maximum, and starts over after a message", () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 60_000 }), fc.integer({ min: 1, max: 30 }), (maximum, rounds) => {
      const delay = new PollingDelay(maximum);
      const waits = Array.from({ length: rounds }, () => delay.next(false));
      expect(waits[0]).toBe(100);
      expect(waits.every((wait) => wait >= 100 && wait <= maximum)).toBe(true);
      expect(waits).toEqual([...waits].sort((left, right) => left - right));
      expect(delay.next(true)).toBe(100);
    }),
  );
});

test("log levels: the closest category decides", () => {
  const lines: string[] = [];
  const log = new HostLog((line) => lines.push(line));
  log.filterBy({ default: "warning", Function: "information", "Function.quiet": "none" });
  const writes = (level: HostLogLevel, category: string) => {
    lines.length = 0;
    log.write(level, category, "text");
    return lines.length === 1;
  };
  expect(writes("information", "Host.Startup")).toBe(false);
  expect(writes("warning", "Host.Startup")).toBe(true);
  expect(writes("information", "Function.loud.User")).toBe(true);
  expect(writes("critical", "Function.quiet")).toBe(false);
  expect(writes("information", "Functional")).toBe(false);
});
