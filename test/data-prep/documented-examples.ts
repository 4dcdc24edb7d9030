import type { Json, JsonObject } from "../../packages/local-cloud/src/platform/web/json.ts";

/** An expression that Adobe publishes with its output. */
export interface DocumentedExample {
  readonly expression: string;
  /** As on the page. */
  readonly output: Json;
  /** The page's input. */
  readonly event?: JsonObject;
  /** The right output, if the page's can't come from the page's input. */
  readonly instead?: { readonly output: Json; readonly because: string };
}

interface Section {
  readonly page: string;
  readonly section: string;
  readonly examples: readonly (readonly [expression: string, output: Json, event?: JsonObject])[];
}

const functionsPage = "https://experienceleague.adobe.com/en/docs/experience-platform/data-prep/functions";
const arraysPage =
  "https://experienceleague.adobe.com/docs/experience-platform/destinations/ui/activate/export-arrays-calculated-fields.html";

/** The time of every example: that of the page's `now()`. */
export const documentedNow = Date.parse("2021-10-26T10:10:24Z");

const book_details = { author: "George R. R. Martin", price: 17.99, ISBN: "ISBN-978-0553801477" };
const book_details2 = {
  author: "Neil Gaiman",
  price: 17.99,
  ISBN: "ISBN-0-380-97365-0",
  publisher: "William Morrow",
};
const address = (type: string) => ({
  line1: "345 park ave",
  line2: "bldg 2",
  City: "san jose",
  State: "CA",
  type,
});
const addresses = ["home", "work", "office"].map(address);
const addressesByType = { home: address("home"), work: address("work"), office: address("office") };
const organizations = [
  { id: 123, orgName: "Acme Inc", founded: 1990 },
  { id: 456, orgName: "Superstar Inc", founded: 2004 },
  { id: 789, orgName: "Energy Corp", founded: 2021 },
];

const iPhone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 5_1_1 like Mac OS X) AppleWebKit/534.46 (KHTML, like Gecko) Version/5.1 Mobile/9B206 Safari/7534.48.3";

const sections: readonly Section[] = [
  {
    page: functionsPage,
    section: "String functions",
    examples: [
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
    ],
  },
  {
    page: functionsPage,
    section: "Regular expression functions",
    examples: [
      ['extract_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")', ["E259,E259B_009,1_1", "E259", "1_1"]],
      ['matches_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")', true],
    ],
  },
  {
    page: functionsPage,
    section: "Hashing functions",
    examples: [
      ['sha1("my text", "UTF-8")', "c3599c11e47719df18a2448690840c5dfcce3c80"],
      ['sha256("my text", "UTF-8")', "7330d2b39ca35eaf4cb95fc846c21ee6a39af698154a83a586ee270a0d372104"],
      [
        'sha512("my text", "UTF-8")',
        "a3d7e45a0d9be5fd4e4b9a3b8c9c2163c21ef708bf11b4232bb21d2a8704ada2cdcd7b367dd0788a89a5c908cfe377aceb1072a7b386b7d4fd2ff68a8fd24d16",
      ],
      ['md5("my text", "UTF-8")', "d3b96ce8c9fb4e9bd0198d03ba6852c7"],
      ['crc32("my text", "UTF-8")', "8df92e80"],
    ],
  },
  {
    page: functionsPage,
    section: "URL functions",
    examples: [
      ['get_url_protocol("https://platform.adobe.com/home")', "https"],
      ['get_url_host("https://platform.adobe.com/home")', "platform.adobe.com"],
      ['get_url_port("sftp://example.com//home/joe/employee.csv")', 22],
      ['get_url_path("sftp://example.com//home/joe/employee.csv")', "//home/joe/employee.csv"],
      ['get_url_query_str("foo://example.com:8042/over/there?name=ferret#nose", "retain")', { name: "ferret#nose" }],
      ['get_url_query_str("foo://example.com:8042/over/there?name=ferret#nose", "remove")', { name: "ferret" }],
      [
        'get_url_query_str("foo://example.com:8042/over/there?name=ferret#nose", "append")',
        { name: "ferret", _anchor_: "nose" },
      ],
      [
        'get_url_encoded("https://example.com/partneralliance_asia-pacific_2022")',
        "https%3A%2F%2Fexample.com%2Fpartneralliance_asia-pacific_2022",
      ],
      [
        'get_url_decoded("https%3A%2F%2Fexample.com%2Fpartneralliance_asia-pacific_2022")',
        "https://example.com/partneralliance_asia-pacific_2022",
      ],
    ],
  },
  {
    page: functionsPage,
    section: "Date and time functions",
    examples: [
      ["now()", "2021-10-26T10:10:24Z"],
      ["dformat(1571829875000, \"yyyy-MM-dd'T'HH:mm:ss.SSSX\")", "2019-10-23T11:24:35.000Z"],
      ['date("2019-10-23 11:24", "yyyy-MM-dd HH:mm", now())', "2019-10-23T11:24:00Z"],
      ['date("2019-10-23 11:24", "yyyy-MM-dd HH:mm")', "2019-10-23T11:24:00Z"],
      ['date("2019-10-23 11:24")', "2019-10-23T11:24:00Z"],
      ['date_part("MM", date("2019-10-17 11:55:12"))', 10],
      // The page gives the time without quotes and with a zone's name, which stands for -08:00 by its output.
      ['zone_date_to_utc(date("2019-10-17 11:55:12-0800"))', "2019-10-17T19:55:12Z"],
    ],
  },
  {
    page: functionsPage,
    section: "Hierarchies - Objects",
    examples: [
      ["is_empty([1, null, 2, 3])", false],
      [
        "arrays_to_objects('sku', explode(\"id1|id2\", '\\\\|'), 'price', [22.5,14.35])",
        [
          { sku: "id1", price: 22.5 },
          { sku: "id2", price: 14.35 },
        ],
      ],
      ['to_object("firstName", "John", "lastName", "Doe")', { firstName: "John", lastName: "Doe" }],
      [
        'str_to_object("firstName=John,lastName=Doe,phone=123 456 7890", "=", ",")',
        { firstName: "John", lastName: "Doe", phone: "123 456 7890" },
      ],
      ['str_to_object("firstName - John ; lastName - ; phone - 123 456 7890", "-", ";").get("firstName")', "John"],
      ['contains_key("evars.evar.field1")', true, { evars: { evar: { field1: "x" } } }],
      ["nullify()", null],
      ['get_keys({"book1": "Pride and Prejudice", "book2": "1984"})', ["book1", "book2"]],
      ['get_values("firstName - John , lastName - Cena , phone - 555 420 8692", "firstName", "-", ",")', "John"],
      ['map_has_keys(book_details,"author")', true, { book_details }],
      [
        "add_to_map(book_details, book_details2)",
        { ...book_details2, ...book_details },
        { book_details, book_details2 },
      ],
    ],
  },
  {
    page: functionsPage,
    section: "Hierarchies - Arrays",
    examples: [
      ['coalesce(null, null, null, "first", null, "second")', "first"],
      ['first("1", "2", "3")', "1"],
      ['last("1", "2", "3")', "3"],
      ["add_to_array(['a', 'b'], 'c', 'd')", ["a", "b", "c", "d"]],
      ["join_arrays(['a', 'b'], ['c'], ['d', 'e'])", ["a", "b", "c", "d", "e"]],
      ["to_array(false, 1, null, 2, 3)", [1, 2, 3]],
      ["size_of([1, 2, 3, 4])", 4],
      ["upsert_array_append([123, 456])", [123, 456]],
      ["upsert_array_replace([123, 456], 1)", [123, 456]],
    ],
  },
  {
    page: functionsPage,
    section: "Hierarchies - Map",
    examples: [
      ['object_to_map("firstName", "John", "lastName", "Doe")', { firstName: "John", lastName: "Doe" }],
      ["object_to_map(address)", address("office"), { address: address("office") }],
      ['object_to_map(addresses,"type")', addressesByType, { addresses }],
      ['array_to_map(addresses, "type")', addressesByType, { addresses }],
      ['to_map("firstName", "John", "lastName", "Doe")', { firstName: "John", lastName: "Doe" }],
    ],
  },
  {
    page: functionsPage,
    section: "Logical operators",
    examples: [
      ['decode(stateCode, "ca", "California", "pa", "Pennsylvania", "N/A")', "California", { stateCode: "ca" }],
      ['decode(stateCode, "ca", "California", "pa", "Pennsylvania", "N/A")', "Pennsylvania", { stateCode: "pa" }],
      ['decode(stateCode, "ca", "California", "pa", "Pennsylvania", "N/A")', "N/A", { stateCode: "tx" }],
      ['iif("s".equalsIgnoreCase("S"), "True", "False")', "True"],
    ],
  },
  {
    page: functionsPage,
    section: "Aggregation",
    examples: [
      ["min(3, 1, 4)", 1],
      ["max(3, 1, 4)", 4],
    ],
  },
  {
    page: functionsPage,
    section: "Type conversions",
    examples: [
      ['to_bigint("1000000.34")', 1000000.34],
      ['to_decimal("20.5")', 20.5],
      ['to_integer("12")', 12],
    ],
  },
  {
    page: functionsPage,
    section: "JSON functions",
    examples: [['json_to_object("{\\"info\\":{\\"firstName\\":\\"John\\"}}")', { info: { firstName: "John" } }]],
  },
  {
    page: functionsPage,
    section: "Special operations",
    examples: [['fpid_to_ecid("4ed70bee-b654-420a-a3fd-b58b6b65e991")', "28880788470263023831040523038280731744"]],
  },
  {
    page: functionsPage,
    section: "User agent functions",
    examples: [
      [`ua_os_name("${iPhone}")`, "iOS"],
      [`ua_os_version_major("${iPhone}")`, "iOS 5"],
      [`ua_os_version("${iPhone}")`, "5.1.1"],
      [`ua_os_name_version("${iPhone}")`, "iOS 5.1.1"],
      [`ua_agent_version("${iPhone}")`, "5.1"],
      [`ua_agent_version_major("${iPhone}")`, "Safari 5"],
      [`ua_agent_name("${iPhone}")`, "Safari"],
      [`ua_device_class("${iPhone}")`, "Phone"],
    ],
  },
  {
    page: functionsPage,
    section: "Analytics functions",
    examples: [
      ['aa_get_event_id("event101=5:123456,scOpen", "event101")', "123456"],
      ['aa_get_event_value("event101=5:123456,scOpen", "event101")', "5"],
      ['aa_get_event_value("event101=5:123456,scOpen", "scOpen")', "1"],
      [
        'aa_get_product_categories(";Example product 1;1;3.50,Example category 2;Example product 2;1;5.99")',
        [null, "Example category 2"],
      ],
      [
        'aa_get_product_names(";Example product 1;1;3.50,Example category 2;Example product 2;1;5.99")',
        ["Example product 1", "Example product 2"],
      ],
      ['aa_get_product_quantities(";Example product 1;1;3.50,Example category 2;Example product 2")', ["1", null]],
      ['aa_get_product_prices(";Example product 1;1;3.50,Example category 2;Example product 2")', ["3.50", null]],
      [
        'aa_get_product_event_values(";Example product 1;1;4.20;event1=2.3|event2=5:1,;Example product 2;1;4.20;event1=3|event2=2:2", "event1")',
        ["2.3", "3"],
      ],
      ['aa_get_product_evars(";Example product;1;6.69;;eVar1=Merchandising value", "eVar1")', ["Merchandising value"]],
    ],
  },
  {
    page: arraysPage,
    section: "Examples",
    examples: [
      ["array_to_string('_', add_to_array(teams,\"2023\"))", "Marketing_Sales_2023", { teams: ["Marketing", "Sales"] }],
      [
        "array_to_string('_', transformArray(organizations, org -> ucase(org.orgName)))",
        "ACME INC_SUPERSTAR INC_ENERGY CORP",
        { organizations },
      ],
      [
        "array_to_string('_', flattenArray(organizations))",
        "{'id':123,'orgName':'Acme Inc','founded':1990}_{'id':456,'orgName':'Superstar Inc','founded':2004}_{'id':789,'orgName':'Energy Corp','founded':2021}",
        { organizations },
      ],
    ],
  },
];

/** Outputs that can't come from their inputs, or that the text of the page contradicts. */
const contradictions: readonly DocumentedExample[] = [
  {
    expression: 'format(date("2019-10-23T11:24:00+00:00"), "yyyy-MM-dd HH:mm:ss")',
    output: "2019-10-23 11:24:35",
    instead: { output: "2019-10-23 11:24:00", because: "the page's date has no second 35" },
  },
  {
    expression: "timestamp()",
    output: 1571850624571,
    instead: { output: documentedNow, because: "the page takes another time here than for now()" },
  },
  {
    expression: 'to_float("12.3456")',
    output: 12.34566,
    instead: { output: 12.3456, because: "the page has a digit too many" },
  },
  {
    expression: 'set_date_part("m", 4, date("2016-11-09T11:44:44.797"))',
    output: "2016-04-09T11:44:44Z",
    instead: { output: "2016-04-09T11:44:44.797Z", because: "nothing takes the fraction away" },
  },
  {
    expression: 'make_date_time(2019, 10, 17, 11, 55, 12, 999, "America/Los_Angeles")',
    output: "2019-10-17T11:55:12Z",
    instead: { output: "2019-10-17T11:55:12.000000999-07:00", because: "the page writes Z behind a local time" },
  },
  {
    expression: 'zone_date_to_zone(date("2021-10-26T13:43:59Z"), "Europe/Paris")',
    output: "2021-10-26T15:43:59Z",
    instead: { output: "2021-10-26T15:43:59+02:00", because: "the page writes Z behind a local time" },
  },
  {
    expression: 'map_get_values(book_details,"author")',
    output: { author: "George R. R. Martin" },
    event: { book_details },
    instead: { output: "George R. R. Martin", because: "the page's text says the value" },
  },
  {
    expression: "filterArray(organizations, org -> org.founded > 2021)",
    output: [organizations[0] ?? null, organizations[2] ?? null],
    event: { organizations },
    instead: { output: [], because: "the page keeps a company of 1990 and one of 2021" },
  },
];

/** Every example, with its page and section. */
export const documentedExamples: readonly (DocumentedExample & { readonly published: string })[] = [
  ...sections.flatMap(({ page, section, examples }) =>
    examples.map(([expression, output, event]) => ({
      expression,
      output,
      published: `${page}, ${section}`,
      ...(event && { event }),
    })),
  ),
  ...contradictions.map((example) => ({ ...example, published: functionsPage })),
];
