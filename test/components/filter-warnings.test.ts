import { filterWarnings } from "../../components/settings/filter-warnings.ts";

test("names in the catalogue cause no warning", () => {
  const filters = { only: { objectTypes: ["email", "verify"], metrics: ["opened"] }, except: { metrics: ["drafted"] } };
  expect(filterWarnings(filters)).toEqual([]);
});

test("new and misspelled names are used, with a warning that suggests a known name", () => {
  const filters = { only: { objectTypes: ["fax"] }, except: { metrics: ["sent", "opend"] } };
  expect(filterWarnings(filters)).toEqual([
    {
      setting: "filters.only.objectTypes[0]",
      reason: '"fax" is an object type that this package does not know. It is used unchanged.',
    },
    {
      setting: "filters.except.metrics[1]",
      reason: '"opend" is a metric that this package does not know. It is used unchanged. Did you mean opened?',
    },
  ]);
});
