import { z } from "zod";

/** The output `estimatedCost` of components. */
export const estimatedCost = z
  .object({
    currency: z.string().meta({ description: "`USD`." }),
    eventsPerMonth: z.number().meta({ description: "The setting `monthlyEvents`." }),
    total: z.number().meta({ description: "A month, of the meters whose price is known." }),
    meters: z
      .array(
        z.object({
          meter: z.string().meta({ description: "What Azure bills, such as `memory on demand`." }),
          quantity: z.number().meta({ description: "Units a month." }),
          unit: z.string().meta({ description: "What is counted, such as `operations`." }),
          cost: z.number().optional().meta({ description: "US dollars a month; absent where no price is known." }),
          priceDate: z.string().optional().meta({ description: "When the price was seen." }),
          priceRegion: z.string().optional().meta({ description: "The region of the price." }),
        }),
      )
      .meta({ description: "Each meter with what the relay uses of it." }),
  })
  .meta({
    description:
      "What the relay costs in Azure in a month, by meter, estimated for `monthlyEvents` at public list prices.",
  });
