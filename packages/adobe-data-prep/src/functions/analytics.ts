import type { FunctionTable } from "../function-entry.ts";

/** Functions that read Adobe Analytics' event and product strings. */
export const analyticsFunctions = {
  aa_get_event_id: {
    description: "The id of an event in an Analytics event string.",
    parameters: "EVENT_STRING, EVENT_NAME",
    returns: "string",
    example: 'aa_get_event_id("event101=5:123456,scOpen", "event101")',
  },
  aa_get_event_value: {
    description: "The value of an event in an Analytics event string; 1 if it has none.",
    parameters: "EVENT_STRING, EVENT_NAME",
    returns: "string",
    example: 'aa_get_event_value("event101=5:123456,scOpen", "event101")',
  },
  aa_get_product_categories: {
    description: "The categories in an Analytics products string.",
    parameters: "PRODUCTS_STRING",
    returns: "string[]",
    example: 'aa_get_product_categories(";Example product 1;1;3.50,Example category 2;Example product 2;1;5.99")',
  },
  aa_get_product_names: {
    description: "The names in an Analytics products string.",
    parameters: "PRODUCTS_STRING",
    returns: "string[]",
    example: 'aa_get_product_names(";Example product 1;1;3.50,Example category 2;Example product 2;1;5.99")',
  },
  aa_get_product_quantities: {
    description: "The quantities in an Analytics products string.",
    parameters: "PRODUCTS_STRING",
    returns: "string[]",
    example: 'aa_get_product_quantities(";Example product 1;1;3.50,Example category 2;Example product 2")',
  },
  aa_get_product_prices: {
    description: "The prices in an Analytics products string.",
    parameters: "PRODUCTS_STRING",
    returns: "string[]",
    example: 'aa_get_product_prices(";Example product 1;1;3.50,Example category 2;Example product 2")',
  },
  aa_get_product_event_values: {
    description: "The values of an event in an Analytics products string.",
    parameters: "PRODUCTS_STRING, EVENT_NAME",
    returns: "string[]",
    example:
      'aa_get_product_event_values(";Example product 1;1;4.20;event1=2.3|event2=5:1,;Example product 2;1;4.20;event1=3|event2=2:2", "event1")',
  },
  aa_get_product_evars: {
    description: "The values of an eVar in an Analytics products string.",
    parameters: "PRODUCTS_STRING, EVAR_NAME",
    returns: "string[]",
    example: 'aa_get_product_evars(";Example product;1;6.69;;eVar1=Merchandising value", "eVar1")',
  },
} as const satisfies FunctionTable;
