import { leftOut } from "../../src/platform/data-prep/functions/index.ts";
import { compileExpression } from "../../src/platform/data-prep/language/expression.ts";
import type { Json } from "../../src/platform/web/json.ts";
import { runExpression } from "./run-expression.ts";

test("leaves out only fpid_to_ecid and the functions for user agents", () => {
  expect(leftOut).toEqual([
    "fpid_to_ecid",
    "ua_os_name",
    "ua_os_version_major",
    "ua_os_version",
    "ua_os_name_version",
    "ua_agent_version",
    "ua_agent_version_major",
    "ua_agent_name",
    "ua_device_class",
  ]);
  expect(() => compileExpression('ua_os_name("x")')).toThrow("The stand-in lacks the function ua_os_name");
});

// Adobe's own examples are in test/data-prep.
test.each<[string, Json]>([
  ['get_url_host("no url")', null],
  ['get_url_port("foo://example.com")', null],
  ['get_url_path("sftp://example.com//home/joe/employee.csv", false)', "employee.csv"],
  ['get_url_query_str("https://example.com/", "append")', {}],
  ['get_url_encoded("a b+ä~*")', "a%20b%2B%C3%A4%7E%2A"],
  ['make_date_time(2021, 3, 28, 3, 0, 0, 5000000, "Europe/Paris")', "2021-03-28T03:00:00.005+02:00"],
  ['make_timestamp(2021, 1, 1, 0, 0, 0, 0, "UTC")', "2021-01-01T00:00:00Z"],
  ["filterArray([1, 2, 3], n -> n > 1 && n < 3)", [2]],
  ["flattenArray([1, [2, [3]]])", [1, 2, 3]],
])("%s", (expression, output) => {
  expect(runExpression(expression)).toEqual(output);
});
