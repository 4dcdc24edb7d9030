/** What Azure keeps of a metric for one minute and one combination of dimensions. */
export interface MetricPoint {
  readonly metric: string;
  readonly minute: number;
  /** Sum of the samples' values, and how many samples there were. */
  readonly total: number;
  readonly count: number;
  readonly dimensions?: Readonly<Record<string, string>>;
}

/** One call of an availability test. */
export interface TestResult {
  readonly place: string;
  readonly minute: number;
  readonly passed: boolean;
}

interface Criterion {
  readonly criterionType: string;
  readonly metricName: string;
  readonly timeAggregation: string;
  readonly operator: string;
  readonly threshold: number;
  readonly dimensions?: readonly { readonly name: string; readonly operator: string; readonly values: string[] }[];
}

/** A metric alert, as far as its evaluation depends on it. */
export interface MetricRule {
  readonly enabled: boolean;
  readonly evaluationFrequency: string;
  readonly windowSize: string;
  readonly criteria: {
    readonly odataType: string;
    readonly allOf?: readonly Criterion[];
    readonly failedLocationCount?: number;
  };
}

export interface Measured {
  readonly points: readonly MetricPoint[];
  readonly results: readonly TestResult[];
}

/** Checks in a row that must find nothing before Azure resolves an alert. */
const checksToResolve = 3;

/**
 * How often a rule notifies of a trouble between two minutes, by Azure Monitor's pages "Understand how metric alerts work" and "Monitor
 * multiple time series in a single metric alert rule": each check looks back over the window; a static threshold is compared with the
 * aggregate of each combination of the dimensions' values by itself; a series without a sample is not compared. An alert that is on is
 * not raised again before three checks in a row have found nothing.
 */
export function notificationsOf(rule: MetricRule, measured: Measured, from: number, to: number): number {
  if (!rule.enabled) return 0;
  const [every, window] = [minutesOf(rule.evaluationFrequency), minutesOf(rule.windowSize)];
  const states = new Map<string, number>();
  let notifications = 0;
  for (let minute = from; minute <= to; minute += every) {
    const met = new Set(seriesThatMeet(rule, measured, minute - window, minute));
    for (const series of met) {
      if (!states.has(series)) notifications++;
      states.set(series, 0);
    }
    for (const [series, quiet] of states) {
      if (met.has(series)) continue;
      if (quiet + 1 >= checksToResolve) states.delete(series);
      else states.set(series, quiet + 1);
    }
  }
  return notifications;
}

/** Time series whose criteria are all met by what was measured after one minute, up to another one. */
function seriesThatMeet(
  { criteria }: MetricRule,
  { points, results }: Measured,
  after: number,
  until: number,
): string[] {
  const within = ({ minute }: { readonly minute: number }) => minute > after && minute <= until;
  if (criteria.odataType.endsWith("WebtestLocationAvailabilityCriteria")) {
    const failed = new Set(results.filter((result) => within(result) && !result.passed).map(({ place }) => place));
    return failed.size >= (criteria.failedLocationCount ?? Number.NaN) ? ["places"] : [];
  }
  const [criterion, ...others] = criteria.allOf ?? [];
  if (criterion === undefined || others.length > 0) throw new Error("Rules of one criterion alone are understood.");
  if (criterion.criterionType !== "StaticThresholdCriterion") throw new Error(`Unknown: ${criterion.criterionType}`);
  const samples = points.filter((point) => within(point) && point.metric === criterion.metricName && point.count > 0);
  return seriesOf(criterion.dimensions ?? []).flatMap((wanted) => {
    const own = samples.filter(({ dimensions = {} }) =>
      Object.entries(wanted).every(([name, value]) => dimensions[name] === value),
    );
    return own.length > 0 && compare(criterion, aggregate(criterion, own)) ? [JSON.stringify(wanted)] : [];
  });
}

/** Every combination of the dimensions' values. */
function seriesOf(dimensions: NonNullable<Criterion["dimensions"]>): Record<string, string>[] {
  return dimensions.reduce<Record<string, string>[]>(
    (series, { name, operator, values }) => {
      if (operator !== "Include") throw new Error(`Unknown: ${operator}`);
      return series.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
    },
    [{}],
  );
}

function aggregate({ timeAggregation }: Criterion, points: readonly MetricPoint[]): number {
  const sum = (of: (point: MetricPoint) => number) => points.reduce((whole, point) => whole + of(point), 0);
  switch (timeAggregation) {
    case "Average":
      return sum(({ total }) => total) / sum(({ count }) => count);
    case "Total":
      return sum(({ total }) => total);
    case "Count":
      return sum(({ count }) => count);
    default:
      throw new Error(`Unknown: ${timeAggregation}`);
  }
}

function compare({ operator, threshold }: Criterion, value: number): boolean {
  if (operator === "GreaterThan") return value > threshold;
  if (operator === "LessThan") return value < threshold;
  throw new Error(`Unknown: ${operator}`);
}

function minutesOf(duration: string): number {
  const [, days = 0, hours = 0, minutes = 0] = duration.match(/^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/) ?? [];
  return Number(days) * 1440 + Number(hours) * 60 + Number(minutes);
}
