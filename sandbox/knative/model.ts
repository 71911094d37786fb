/** The model behind Knative that nobody serves here: its name says so on every page. */
export const simulatedKnative = "simulated-knative";

/** Where Knative's proxy has its metrics of requests. */
export const port = 9091;
