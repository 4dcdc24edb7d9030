/**
 * The alerts to subscribe to in Platform's UI, and where: Adobe has no API for subscriptions. The names are those of its pages "Manage
 * dataflows" (the dataflow's menu) and "Alerts UI guide". An older edition of "Standard alert rules" says that streaming sources raise no
 * alerts; `customerio-aep status` and the relay's own alerts in Azure don't depend on them.
 */
export function listAlertsToSubscribe(dataflowId: string): string[] {
  return [
    `Sources > Dataflows > the dataflow ${dataflowId} > "..." > Subscribe to alerts: "Sources Dataflow Run Failure".`,
    'Alerts > Browse > "..." beside the rule > Subscribe: "Sources Ingestion Error Rate Exceeded", which applies to the whole sandbox.',
    "To get them by e-mail: the bell > settings > Notifications > Emails > Instant notifications.",
  ];
}
