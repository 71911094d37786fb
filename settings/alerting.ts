import * as pulumi from "@pulumi/pulumi";
import type { Receiver } from "../rules/alertmanager";
import { secretsOf } from "../rules/alertmanager";
import type { AlertingSettings } from "./alertingTypes";
import { receiverSecretsSchema } from "./alertingSchema";
import { NAMESPACE, type Reader } from "./reader";
import type { HubObject, MemberObject } from "./schema";

/** Key of the receivers' secrets. */
const RECEIVER_SECRETS = "receiverSecrets";

export type ReceiverSecrets = Readonly<Record<string, string>>;

/**
 * The receivers' secrets: all that they need, and no other; problems are told to the reader. Nothing is read where the
 * receivers themselves are unreadable.
 */
export function readReceiverSecrets(
  reader: Reader,
  receivers: readonly Receiver[] | undefined,
): ReceiverSecrets {
  if (receivers === undefined) return {};
  const key = NAMESPACE + RECEIVER_SECRETS;
  const needed = receivers.flatMap((receiver) =>
    secretsOf(receiver).map((file) => ({ file, name: receiver.name })),
  );
  const json = reader.has(RECEIVER_SECRETS) ? reader.json(RECEIVER_SECRETS) : {};
  const given = json === undefined ? undefined : reader.check(RECEIVER_SECRETS, receiverSecretsSchema, json);
  if (given === undefined) return {};
  for (const { file, name } of needed) {
    if (given[file] === undefined)
      reader.add({
        key,
        message: `has no "${file}", which receiver ${name} needs: pulumi config set --secret --path '${key}["${file}"]' VALUE`,
      });
  }
  const unused = Object.keys(given).filter((file) => !needed.some((one) => one.file === file));
  for (const file of unused)
    reader.add({
      key,
      message: `holds "${file}", which no receiver needs: take it out, or add its receiver`,
    });
  return given;
}

/** What both roles say of alerting. */
export function alertingSettings(
  { runbookUrl, receivers, groupInterval, thresholds, objectives }: (HubObject | MemberObject)["alerting"],
  secrets: ReceiverSecrets,
): AlertingSettings {
  return {
    runbookUrl,
    receivers,
    ...(groupInterval === undefined ? {} : { groupInterval }),
    thresholds,
    objectives,
    receiverSecrets: Object.fromEntries(
      Object.entries(secrets).map(([file, text]) => [file, pulumi.secret(text)]),
    ),
  };
}
