import fc from "fast-check";
import { compileExpression } from "../../src/platform/data-prep/language/expression.ts";
import { Unreadable } from "../../src/platform/data-prep/language/unreadable.ts";
import { MissingAttribute, TransformError } from "../../src/platform/data-prep/value.ts";
import type { Json, JsonObject } from "../../src/platform/web/json.ts";
import { runExpression } from "./run-expression.ts";

const now = Date.parse("2021-10-26T10:10:24Z");

function run(expression: string, event: JsonObject = {}): Json {
  return runExpression(expression, event, now);
}

describe("functions of the source data", () => {
  const address = { line1: "345 park ave", type: "office" };
  const book = { author: "George R. R. Martin", price: 17.99 };
  const other = { author: "Neil Gaiman", publisher: "William Morrow" };

  test.each<[string, JsonObject, Json]>([
    ['contains_key("evars.evar.field1")', { evars: { evar: { field1: null } } }, true],
    ['contains_key("evars.evar.field2")', { evars: { evar: { field1: 1 } } }, false],
    ["object_to_map(address)", { address }, address],
    ["object_to_map(${addresses}, 'type')", { addresses: [address] }, { office: address }],
    ["object_to_map(${nothing})", { nothing: null }, null],
    ['array_to_map(addresses, "type")', { addresses: [address] }, { office: address }],
    [
      "add_to_map(book, other)",
      { book, other },
      { author: "George R. R. Martin", price: 17.99, publisher: "William Morrow" },
    ],
    ['map_get_values(book, "author")', { book }, "George R. R. Martin"],
    ['map_get_values(book, ["author", "none"])', { book }, ["George R. R. Martin", null]],
    ['map_has_keys(book, "author")', { book }, true],
    ['map_has_keys(book, ["none", "price"])', { book }, true],
    ['map_has_keys(book, "none")', { book }, false],
    ["json_to_object(text)", { text: '{"a":[1]}' }, { a: [1] }],
    ['iif(marketing_type.equals("phyMail"), nullify(), marketing_type)', { marketing_type: "email" }, "email"],
    ['iif(contains_key("a.b"), a.b, nullify())', {}, null],
    ["first(items)", { items: [7, 8] }, 7],
    ["coalesce(items)", { items: [null, 8] }, 8],
    ['date(day, "dd.MM.yyyy")', { day: "24.12.2020" }, "2020-12-24T00:00:00Z"],
    ["date(day, 'yyyy', now())", { day: null }, "2021-10-26T10:10:24Z"],
    ["size_of(text)", { text: "four" }, 4],
    ["array_to_string('_', organizations)", { organizations: ["a", ["b"], { id: 1 }] }, "a_b_{'id':1}"],
    [
      "filterArray(organizations, org -> org.founded >= year)",
      { organizations: [{ founded: 1990 }, { founded: 2021 }], year: 2021 },
      [{ founded: 2021 }],
    ],
    ["filterArray(x, item -> true)", { x: null }, null],
    ["transformArray(x, item -> item)", { x: null }, null],
    ["is_set('a.b')", { a: { b: null } }, true],
    [
      "iif(organizations[0].equals('Marketing'), 'isMarketing', 'isNotMarketing')",
      { organizations: ["Marketing"] },
      "isMarketing",
    ],
    [
      'to_map("Email", to_array(false, to_object("id", data.email, "primary", true)))',
      { data: { email: "a@b.c" } },
      { Email: [{ id: "a@b.c", primary: true }] },
    ],
  ])("%s of %j", (expression, source, output) => {
    expect(run(expression, source)).toEqual(output);
  });

  test("uuid and guid differ each time", () => {
    expect(run("uuid()")).toMatch(/^[0-9a-f-]{36}$/);
    expect(run("uuid()")).not.toBe(run("guid()"));
  });

  test.each(["UTF-8", "UTF-16", "ISO-8859-1", "US-ASCII"])("hashes know the character set %s", (charset) => {
    expect(run(`md5("ä", "${charset}")`)).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each([
    "lower(x)",
    "left(x, 2)",
    "substr(x, 0, 2)",
    "instr(x, 'a')",
    "to_integer(x)",
    "dformat(x, 'yyyy')",
    "date(x)",
    "format(x, 'yyyy')",
    "date_part('year', x)",
    "get_keys(x)",
    "map_get_values(x, 'a')",
  ])("%s of null is null", (expression) => {
    expect(run(expression, { x: null })).toBeNull();
  });
});

describe("operators", () => {
  test.each<[string, Json]>([
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["7 - 2 - 1", 4],
    ["-3 + 5", 2],
    ["1 / 2", 0],
    ["1.0 / 2.5", 0.4],
    ["7 % 3", 1],
    ["7 mod 3", 1],
    ["8 div 2", 4],
    ["~44", -45],
    ["'a' + 1", "a1"],
    ["'2' + 1", 3],
    ["1 < 2 && 2 <= 2", true],
    ["1 > 2 || !(1 == 2)", true],
    ["not true or false", false],
    ["true and 1 ne 2", true],
    ["1 eq 1", true],
    ["'b' gt 'a'", true],
    ["'10' > 9", true],
    ["1 lt 2 and 2 le 2 and 3 ge 3", true],
    ["null == null", true],
    ["null != 'a'", true],
    ["[1, 2] == [1, 2]", true],
    ["'it\\'s'", "it's"],
    ['"\\u00e4\\n"', "ä\n"],
    ["1e3", 1000],
  ])("%s is %j", (expression, output) => {
    expect(run(expression)).toEqual(output);
  });

  test("the second operand is not evaluated if the first decides", () => {
    expect(run("true || missing")).toBe(true);
    expect(run("false && missing")).toBe(false);
  });

  test("timestamp * 1000 is milliseconds, as an ExperienceEvent's time needs", () => {
    const pattern = "\"yyyy-MM-dd'T'HH:mm:ss.SSSX\"";
    expect(run(`dformat(\${timestamp} * 1000, ${pattern})`, { timestamp: 1613063089 })).toBe(
      "2021-02-11T17:04:49.000Z",
    );
  });
});

describe("paths", () => {
  const source = {
    "First Name": "Jim",
    "a.b": 1,
    timestamp: 2,
    _private: 3,
    data: { new: 4, items: [{ sku: "x" }, { sku: "y" }, {}] },
  };

  test.each<[string, Json]>([
    ["${First Name}", "Jim"],
    ["${a\\.b}", 1],
    ["a\\.b", 1],
    ["${timestamp}", 2],
    ["_private", 3],
    ["data.${new}", 4],
    ["${data.new}", 4],
    ["data.items[1].sku", "y"],
    ["data.items[*].sku", ["x", "y", null]],
    ["${data.items[0]}.sku", "x"],
  ])("%s", (expression, output) => {
    expect(run(expression, source)).toEqual(output);
  });

  test.each(["missing", "data.missing", "data.items[9].sku", "data.items[2].sku", "data.${new}.deeper"])(
    "%s doesn't exist",
    (expression) => {
      expect(() => run(expression, source)).toThrow(MissingAttribute);
    },
  );
});

describe("errors of single events", () => {
  test.each([
    "to_integer('a')",
    "to_integer(1.5)",
    "1 / 0",
    "1 + null",
    "1 < null",
    "!'a'",
    "iif('yes', 1, 2)",
    "null.equals('a')",
    "'a'.get('b')",
    "lower([1])",
    "join(',', 'a')",
    "date('never')",
    "date('2020-02-30', 'yyyy-MM-dd')",
    "date('2020', 'jj')",
    "format('2020', 'yyyy')",
    "dformat(1, 'T')",
    'dformat(1, "\'open")',
    "dformat(9e99, 'yyyy')",
    "date_part('epoch', now())",
    "set_date_part('week', 1, now())",
    "set_date_part('day', 32, now())",
    "make_date_time(2019, 2, 29, 0, 0, 0, 0, 'UTC')",
    "zone_date_to_zone(now(), 'Mars/Phobos')",
    "get_url_query_str('http://a/?b=c', 'keep')",
    "get_url_decoded('%')",
    "arrays_to_object('a')",
    "filterArray([1], 2)",
    "lower(item -> item)",
    "explode('a', '(')",
    "json_to_object('{')",
    "to_object('a')",
    "map_get_values('a', 'b')",
    "md5('a', 'EBCDIC')",
  ])("%s", (expression) => {
    expect(() => run(expression)).toThrow(TransformError);
  });
});

describe("rules", () => {
  test("a string literal evaluates to its text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(run(JSON.stringify(text))).toBe(text);
      }),
    );
  });

  test("any field can be reached through ${...}", () => {
    const name = fc.string({ minLength: 1 }).filter((text) => text !== "__proto__");
    fc.assert(
      fc.property(name, fc.integer(), (field, value) => {
        const wrapped = field.replaceAll(/[\\.{}[\]]/g, "\\$&");
        expect(run(`\${${wrapped}}`, { [field]: value })).toBe(value);
      }),
    );
  });
});

describe("what can't be stored", () => {
  test.each([
    ["'a'.trim()", 'There is no method "trim"'],
    ["'a'.equals()", "The method equals takes one argument"],
    ["1 +", "Unexpected the end"],
    ["(1", 'Expected ")" instead of the end'],
    ["1 2", 'Unexpected "2"'],
    ["'open", 'Unexpected "\'open"'],
    ["a ? b : c", 'Unexpected "? b : c"'],
    ["items['x']", 'An index must be a whole number or *, not "x"'],
    ["timestamp * 1000", "timestamp is a reserved word"],
    ["data.new", "new is a reserved word"],
    ["", "Unexpected the end"],
    ["${[0]}", '"${[0]}" is not a path'],
    ["unheard_of(1)", "There is no function unheard_of"],
    ["lower()", "The function lower does not take 0 arguments: lower(INPUT)"],
  ])("%s", (expression, message) => {
    expect(() => compileExpression(expression)).toThrow(new Unreadable(message));
  });

  test("more than 4096 characters", () => {
    expect(() => compileExpression(`"${"x".repeat(4094)}"`)).not.toThrow();
    expect(() => compileExpression(`"${"x".repeat(4095)}"`)).toThrow(Unreadable);
  });
});
