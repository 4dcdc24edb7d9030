import fc from "fast-check";
import { evaluate } from "../../../local/platform/data-prep/evaluate.ts";
import { mapperFunctions } from "../../../local/platform/data-prep/functions/index.ts";
import { parseExpression } from "../../../local/platform/data-prep/parser.ts";
import { MissingAttribute, SyntaxProblem, TransformError } from "../../../local/platform/data-prep/value.ts";
import type { Json, JsonObject } from "../../../local/platform/json.ts";

const now = Date.parse("2021-10-26T10:10:24Z");

function run(expression: string, source: JsonObject = {}): unknown {
  const value = evaluate(parseExpression(expression), { source, now });
  return JSON.parse(JSON.stringify(typeof value === "object" && value !== null ? plain(value) : value)) as unknown;
}

function plain(value: object): unknown {
  return value.constructor.name === "DateTime" ? String(value) : value;
}

/** Examples of Adobe's functions page, with the output that it gives for each. */
const documented: readonly [string, Json][] = [
  ['concat("Hi, ", "there", "!")', "Hi, there!"],
  ['explode("Hi, there!", " ")', ["Hi,", "there!"]],
  ['instr("adobe.com", "com")', 6],
  ['replacestr("This is a string re test", "re", "replace")', "This is a string replace test"],
  ['substr("This is a substring test", 7, 8)', " a subst"],
  ['lower("HeLLo")', "hello"],
  ['lcase("HeLLo")', "hello"],
  ['upper("HeLLo")', "HELLO"],
  ['ucase("HeLLo")', "HELLO"],
  ['split("Hello world", " ")', ["Hello", "world"]],
  ['join(" ", to_array(true, "Hello", "world"))', "Hello world"],
  ['lpad("bat", 8, "yz")', "yzyzybat"],
  ['rpad("bat", 8, "yz")', "batyzyzy"],
  ['left("abcde", 2)', "ab"],
  ['right("abcde", 2)', "de"],
  ['ltrim(" hello")', "hello"],
  ['rtrim("hello ")', "hello"],
  ['trim(" hello ")', "hello"],
  ['"string1".equals("STRING1")', false],
  ['"string1".equalsIgnoreCase("STRING1")', true],
  ['extract_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")', ["E259,E259B_009,1_1", "E259", "1_1"]],
  ['matches_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")', true],
  ['sha1("my text", "UTF-8")', "c3599c11e47719df18a2448690840c5dfcce3c80"],
  ['sha256("my text", "UTF-8")', "7330d2b39ca35eaf4cb95fc846c21ee6a39af698154a83a586ee270a0d372104"],
  [
    'sha512("my text", "UTF-8")',
    "a3d7e45a0d9be5fd4e4b9a3b8c9c2163c21ef708bf11b4232bb21d2a8704ada2cdcd7b367dd0788a89a5c908cfe377aceb1072a7b386b7d4fd2ff68a8fd24d16",
  ],
  ['md5("my text", "UTF-8")', "d3b96ce8c9fb4e9bd0198d03ba6852c7"],
  ['crc32("my text", "UTF-8")', "8df92e80"],
  ["now()", "2021-10-26T10:10:24Z"],
  ["timestamp()", now],
  ["dformat(1571829875000, \"yyyy-MM-dd'T'HH:mm:ss.SSSX\")", "2019-10-23T11:24:35.000Z"],
  ['date("2019-10-23 11:24", "yyyy-MM-dd HH:mm", now())', "2019-10-23T11:24:00Z"],
  ['date("2019-10-23 11:24", "yyyy-MM-dd HH:mm")', "2019-10-23T11:24:00Z"],
  ['date("2019-10-23 11:24")', "2019-10-23T11:24:00Z"],
  ['date_part("MM", date("2019-10-17 11:55:12"))', 10],
  ['zone_date_to_utc(date("2019-10-17 11:55:12-0800"))', "2019-10-17T19:55:12Z"],
  ["size_of([1, 2, 3, 4])", 4],
  ["is_empty([1, null, 2, 3])", false],
  ['to_object("firstName", "John", "lastName", "Doe")', { firstName: "John", lastName: "Doe" }],
  [
    'str_to_object("firstName=John,lastName=Doe,phone=123 456 7890", "=", ",")',
    { firstName: "John", lastName: "Doe", phone: "123 456 7890" },
  ],
  ['str_to_object("firstName - John ; lastName - ; phone - 123 456 7890", "-", ";").get("firstName")', "John"],
  ["nullify()", null],
  ['get_keys({"book1": "Pride and Prejudice", "book2": "1984"})', ["book1", "book2"]],
  ['get_values("firstName - John , lastName - Cena , phone - 555 420 8692", "firstName", "-", ",")', "John"],
  ['coalesce(null, null, null, "first", null, "second")', "first"],
  ['first("1", "2", "3")', "1"],
  ['last("1", "2", "3")', "3"],
  ["add_to_array(['a', 'b'], 'c', 'd')", ["a", "b", "c", "d"]],
  ["join_arrays(['a', 'b'], ['c'], ['d', 'e'])", ["a", "b", "c", "d", "e"]],
  ["to_array(false, 1, null, 2, 3)", [1, 2, 3]],
  ['decode("ca", "ca", "California", "pa", "Pennsylvania", "N/A")', "California"],
  ['decode("xx", "ca", "California", "pa", "Pennsylvania", "N/A")', "N/A"],
  ['iif("s".equalsIgnoreCase("S"), "True", "False")', "True"],
  ["min(3, 1, 4)", 1],
  ["max(3, 1, 4)", 4],
  ['to_bigint("1000000.34")', 1000000.34],
  ['to_decimal("20.5")', 20.5],
  ['to_integer("12")', 12],
  ['to_map("firstName", "John", "lastName", "Doe")', { firstName: "John", lastName: "Doe" }],
  ['object_to_map("firstName", "John", "lastName", "Doe")', { firstName: "John", lastName: "Doe" }],
];

test.each(documented)("%s", (expression, output) => {
  expect(run(expression)).toEqual(output);
});

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

  test("the other operand stays untouched once the first decides", () => {
    expect(run("true || missing")).toBe(true);
    expect(run("false && missing")).toBe(false);
  });

  test("timestamp * 1000, as an ExperienceEvent's time needs it", () => {
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

describe("what is refused when a mapping set is made", () => {
  test.each([
    ["unheard_of(1)", "There is no function unheard_of"],
    ["length('a')", "There is no function length"],
    ["get_url_host('http://a')", "The stand-in lacks the function get_url_host"],
    ["lower()", "The function lower(INPUT) can't take 0 arguments"],
    ["iif(true, 1)", "The function iif(EXPRESSION, TRUE_VALUE, FALSE_VALUE) can't take 2 arguments"],
    ["'a'.trim()", 'There is no method "trim"'],
    ["'a'.equals()", "The method equals takes one argument"],
    ["1 +", "Unexpected the end"],
    ["(1", 'Expected ")" instead of the end'],
    ["1 2", "Unexpected 2"],
    ["'open", 'Unexpected "\'open"'],
    ["a ? b : c", 'Unexpected "? b : c"'],
    ["items['x']", 'An index is a whole number or *, not "x"'],
    ["timestamp * 1000", "timestamp is a reserved word: write ${timestamp} for the field of that name"],
    ["data.new", "new is a reserved word: write ${new} for the field of that name"],
    ["", "Unexpected the end"],
    ["${[0]}", '"${[0]}" names no field'],
  ])("%s", (expression, message) => {
    expect(() => parseExpression(expression)).toThrow(new SyntaxProblem(message));
  });

  test("more than 4096 characters", () => {
    expect(() => parseExpression(`"${"x".repeat(4094)}"`)).not.toThrow();
    expect(() => parseExpression(`"${"x".repeat(4095)}"`)).toThrow("An expression may have 4096 characters, not 4097");
  });
});

describe("what fails for one event only", () => {
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
    "explode('a', '(')",
    "json_to_object('{')",
    "to_object('a')",
    "map_get_values('a', 'b')",
    "md5('a', 'EBCDIC')",
  ])("%s", (expression) => {
    expect(() => run(expression)).toThrow(TransformError);
  });
});

test("every function's own example can be read", () => {
  for (const { example } of mapperFunctions) expect(() => parseExpression(example)).not.toThrow();
});

describe("rules", () => {
  test("whatever the text, reading it ends with an expression or a SyntaxProblem", () => {
    const pieces = fc.constantFrom(
      "a",
      "1",
      "'s'",
      "(",
      ")",
      "[",
      "]",
      ".",
      ",",
      "+",
      "==",
      "not ",
      "lower",
      "${x y}",
      "${",
      "\\",
    );
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        try {
          parseExpression(parts.join(""));
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxProblem);
        }
      }),
    );
  });

  test("a string literal evaluates to its text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(run(JSON.stringify(text))).toBe(text);
      }),
    );
  });

  test("any field can be reached through ${...}", () => {
    const name = fc.string({ minLength: 1 }).filter((text) => !/[[\]]/.test(text) && text !== "__proto__");
    fc.assert(
      fc.property(name, fc.integer(), (field, value) => {
        const wrapped = field.replaceAll(/[\\.{}]/g, "\\$&");
        expect(run(`\${${wrapped}}`, { [field]: value })).toBe(value);
      }),
    );
  });
});
