export { GROUP_BY, alertmanagerConfig, renderAlertmanagerConfig } from "./config";
export type { AlertmanagerConfigArgs } from "./config";
export { IDENTITY } from "./inhibition";
export { SECRETS, causes, receiverProblems, secretsOf } from "./receivers";
export type { Receiver } from "./receivers";
export type { AlertmanagerConfig, ReceiverConfig, RouteConfig } from "./schema";
