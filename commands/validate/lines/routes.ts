import type { AlertmanagerConfig, ReceiverConfig, RouteConfig } from "../../../rules/alertmanager";

type Labels = Readonly<Record<string, string>>;

const MATCHER = /^\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*(".*")\s*$/;

/** Whether labels pass a matcher such as `severity="critical"`; one that cannot be read matches nothing. */
function matches(matcher: string, labels: Labels): boolean {
  const [, name, op, quoted] = MATCHER.exec(matcher) ?? [];
  if (name === undefined || quoted === undefined) return false;
  const [value, found] = [JSON.parse(quoted) as string, labels[name] ?? ""];
  const regex = (): boolean => new RegExp(`^(?:${value})$`).test(found);
  switch (op) {
    case "=":
      return found === value;
    case "!=":
      return found !== value;
    case "=~":
      return regex();
    default:
      return !regex();
  }
}

/** The receiver that an alert with these labels is routed to: the first route that takes it, as deep as it goes. */
export function receiverOf(config: AlertmanagerConfig, labels: Labels): ReceiverConfig | undefined {
  const descend = (route: RouteConfig): string => {
    const next = route.routes?.find(({ matchers = [] }) => matchers.every((one) => matches(one, labels)));
    return next === undefined ? route.receiver : descend(next);
  };
  const name = descend(config.route);
  return config.receivers.find((receiver) => receiver.name === name);
}

/** Integrations of a receiver, as Alertmanager counts them: `webhook`, `email`; none where nobody is told. */
export function integrationsOf(receiver: ReceiverConfig | undefined): readonly string[] {
  return Object.entries(receiver ?? {}).flatMap(([key, value]) =>
    key.endsWith("_configs") && Array.isArray(value) && value.length > 0
      ? [key.slice(0, -"_configs".length)]
      : [],
  );
}
