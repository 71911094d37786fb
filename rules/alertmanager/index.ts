export { GROUP_BY, NOBODY, alertmanagerConfig, renderAlertmanagerConfig } from "./config";
export type { AlertmanagerConfigArgs } from "./config";
export { IDENTITY, commonInhibition, localMuting, remoteMuting } from "./inhibition";
export { SECRETS, causes, receiverProblems, secretsOf } from "./receivers";
export type {
  Cause,
  EmailReceiver,
  PagerdutyReceiver,
  Receiver,
  SlackReceiver,
  WebhookReceiver,
} from "./receivers";
export type { AlertmanagerConfig, InhibitRule, ReceiverConfig, RouteConfig } from "./schema";
