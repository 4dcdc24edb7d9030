import type { Value } from "../value.ts";
import { type Evaluations, eager, ofStrings } from "./evaluation.ts";

/** The fields of a product in an Analytics products string: `category;name;quantity;price;events;evars`. */
const field = { category: 0, name: 1, quantity: 2, price: 3, events: 4, evars: 5 } as const;

export const analyticsEvaluations = {
  aa_get_event_id: eager(ofStrings((events = "", name = "") => eventOf(events.split(","), name)?.id ?? null)),
  aa_get_event_value: eager(
    ofStrings((events = "", name = "") => {
      const event = eventOf(events.split(","), name);
      return event === undefined ? null : (event.value ?? "1");
    }),
  ),
  aa_get_product_categories: ofProducts((product) => product[field.category] || null),
  aa_get_product_names: ofProducts((product) => product[field.name] || null),
  aa_get_product_quantities: ofProducts((product) => product[field.quantity] || null),
  aa_get_product_prices: ofProducts((product) => product[field.price] || null),
  aa_get_product_event_values: ofProducts((product, name) => {
    const event = eventOf((product[field.events] ?? "").split("|"), name);
    return event === undefined ? null : (event.value ?? "1");
  }),
  aa_get_product_evars: ofProducts((product, name) => {
    const pairs = (product[field.evars] ?? "").split("|").map((pair) => pair.split("="));
    return pairs.find(([key]) => key === name)?.[1] ?? null;
  }),
} satisfies Evaluations;

/** A function that extracts something from each product of a products string. */
function ofProducts(of: (product: readonly string[], name: string) => Value) {
  return eager(
    ofStrings((products = "", name = "") => products.split(",").map((product) => of(product.split(";"), name))),
  );
}

/** An event such as `event101=5:123456`: its name, value and id. */
function eventOf(events: readonly string[], name: string): { value?: string; id?: string } | undefined {
  for (const event of events) {
    const [, key, value, id] = /^([^=:]+)(?:=([^:]*))?(?::(.*))?$/.exec(event) ?? [];
    if (key === name) return { ...(value === undefined ? {} : { value }), ...(id === undefined ? {} : { id }) };
  }
  return undefined;
}
