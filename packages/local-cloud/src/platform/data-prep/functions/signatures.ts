/**
 * The functions of Adobe's page "Data Prep mapping functions" by section, in the page's syntax. Optional parameters are
 * in brackets, and `…` follows a parameter that may be repeated. Includes the array functions of "Use calculated fields to export
 * arrays as strings".
 */
const signatures = {
  String: [
    "concat(STRING…)",
    "explode(STRING, [REGEX])",
    "instr(INPUT, SUBSTRING, [START_POSITION], [OCCURRENCE])",
    "replacestr(INPUT, TO_FIND, TO_REPLACE)",
    "substr(INPUT, START_INDEX, LENGTH)",
    "lower(INPUT)",
    "upper(INPUT)",
    "split(INPUT, SEPARATOR)",
    "join(SEPARATOR, OBJECTS)",
    "lpad(INPUT, COUNT, PADDING)",
    "rpad(INPUT, COUNT, PADDING)",
    "left(STRING, COUNT)",
    "right(STRING, COUNT)",
    "ltrim(STRING)",
    "rtrim(STRING)",
    "trim(STRING)",
  ],
  "Regular expression": ["extract_regex(STRING, REGEX)", "matches_regex(STRING, REGEX)"],
  Hashing: [
    "sha1(INPUT, [CHARSET])",
    "sha256(INPUT, [CHARSET])",
    "sha512(INPUT, [CHARSET])",
    "md5(INPUT, [CHARSET])",
    "crc32(INPUT, [CHARSET])",
  ],
  URL: [
    "get_url_protocol(URL)",
    "get_url_host(URL)",
    "get_url_port(URL)",
    "get_url_path(URL, [FULL_PATH])",
    "get_url_query_str(URL, ANCHOR)",
    "get_url_encoded(URL)",
    "get_url_decoded(URL)",
  ],
  "Date / Time": [
    "now()",
    "timestamp()",
    "format(DATE, FORMAT)",
    "dformat(TIMESTAMP, FORMAT)",
    "date(DATE, [FORMAT], [DEFAULT_DATE])",
    "date_part(COMPONENT, DATE)",
    "set_date_part(COMPONENT, VALUE, DATE)",
    "make_date_time(YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, NANOSECOND, TIMEZONE)",
    "zone_date_to_utc(DATE)",
    "zone_date_to_zone(DATE, ZONE)",
  ],
  "Hierarchies - Objects": [
    "is_empty(INPUT)",
    "arrays_to_object(INPUT…)",
    "to_object([INPUT…])",
    "str_to_object(STRING, [VALUE_DELIMITER], [FIELD_DELIMITER])",
    "contains_key(INPUT)",
    "is_set(INPUT)",
    "nullify()",
    "get_keys(OBJECT)",
    "get_values(STRING, KEY, VALUE_DELIMITER, [FIELD_DELIMITER])",
    "map_get_values(MAP, KEY)",
    "map_has_keys(MAP, KEY)",
    "add_to_map(MAP, MAP…)",
  ],
  "Hierarchies - Arrays": [
    "coalesce(INPUT…)",
    "first(INPUT…)",
    "last(INPUT…)",
    "add_to_array(ARRAY, [VALUES…])",
    "join_arrays(ARRAY…)",
    "to_array(INCLUDE_NULLS, [VALUES…])",
    "size_of(INPUT)",
    "upsert_array_append(ARRAY)",
    "upsert_array_replace(ARRAY, [INDEX])",
    "array_to_string(SEPARATOR, ARRAY)",
    "filterArray(ARRAY, CONDITION)",
    "transformArray(ARRAY, EXPRESSION)",
    "flattenArray(ARRAY)",
  ],
  "Hierarchies - Map": ["array_to_map(INPUTS, KEY)", "object_to_map(INPUT…)", "to_map([INPUT…])"],
  "Logical operators": ["decode(KEY, OPTIONS…)", "iif(EXPRESSION, TRUE_VALUE, FALSE_VALUE)"],
  Aggregation: ["min(OPTIONS…)", "max(OPTIONS…)"],
  "Type conversion": ["to_bigint(STRING)", "to_decimal(STRING)", "to_float(STRING)", "to_integer(STRING)"],
  JSON: ["json_to_object(STRING)"],
  "Special operations": ["uuid()", "fpid_to_ecid(STRING)"],
  "User agent": [
    "ua_os_name(USER_AGENT)",
    "ua_os_version_major(USER_AGENT)",
    "ua_os_version(USER_AGENT)",
    "ua_os_name_version(USER_AGENT)",
    "ua_agent_version(USER_AGENT)",
    "ua_agent_version_major(USER_AGENT)",
    "ua_agent_name(USER_AGENT)",
    "ua_device_class(USER_AGENT)",
  ],
  Analytics: [
    "aa_get_event_id(EVENT_STRING, EVENT_NAME)",
    "aa_get_event_value(EVENT_STRING, EVENT_NAME)",
    "aa_get_product_categories(PRODUCTS_STRING)",
    "aa_get_product_names(PRODUCTS_STRING)",
    "aa_get_product_quantities(PRODUCTS_STRING)",
    "aa_get_product_prices(PRODUCTS_STRING)",
    "aa_get_product_event_values(PRODUCTS_STRING, EVENT_NAME)",
    "aa_get_product_evars(PRODUCTS_STRING, EVAR_NAME)",
  ],
} as const;

type NameIn<Syntax> = Syntax extends `${infer Name}(${string}` ? Name : never;

export type FunctionName = NameIn<(typeof signatures)[keyof typeof signatures][number]>;

/** Second names. The page lists `arrays_to_object`, and writes `arrays_to_objects` in its example. */
const otherNames: Readonly<Record<string, FunctionName>> = {
  lcase: "lower",
  ucase: "upper",
  guid: "uuid",
  make_timestamp: "make_date_time",
  arrays_to_objects: "arrays_to_object",
};

export interface Signature {
  /** The name of its evaluation. */
  readonly name: FunctionName;
  readonly category: string;
  readonly syntax: string;
  /** The number of arguments. */
  readonly minimum: number;
  readonly maximum: number;
}

const listed = Object.entries(signatures).flatMap(([category, of]) =>
  of.map((syntax) => readSignature(category, syntax)),
);

/** Every function by each of its names. */
export const functionsByName: ReadonlyMap<string, Signature> = new Map([
  ...listed.map((signature) => [signature.name, signature] as const),
  ...listed.flatMap((signature) =>
    Object.entries(otherNames)
      .filter(([, name]) => name === signature.name)
      .map(([other]) => [other, { ...signature, syntax: signature.syntax.replace(signature.name, other) }] as const),
  ),
]);

function readSignature(category: string, syntax: string): Signature {
  const [name = "", inside = ""] = syntax.split(/[()]/);
  const parameters = inside === "" ? [] : inside.split(", ");
  return {
    name: name as FunctionName,
    category,
    syntax,
    minimum: parameters.filter((parameter) => !parameter.startsWith("[")).length,
    maximum: inside.includes("…") ? Number.POSITIVE_INFINITY : parameters.length,
  };
}
