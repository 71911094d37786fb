import type { Receiver } from "../../../rules/alertmanager";

/** One receiver of each kind, each with its secrets. */
export const receivers: readonly Receiver[] = [
  { kind: "pagerduty", name: "on-call", causes: ["critical"] },
  { kind: "slack", name: "operators", causes: ["critical", "warning"], channel: "#federation" },
  {
    kind: "email",
    name: "tickets",
    causes: ["warning"],
    to: "tickets@site.example",
    from: "federation@site.example",
    smarthost: "smtp.site.example:587",
    username: "federation",
  },
  { kind: "webhook", name: "dead-man", causes: ["heartbeat"] },
  {
    kind: "webhook",
    name: "bot",
    causes: ["critical"],
    url: "https://bot.site.example/alerts",
    auth: "bearer",
    ca: true,
  },
  {
    kind: "webhook",
    name: "log",
    causes: ["critical", "warning"],
    url: "https://log.site.example:8443/alerts",
    auth: { username: "federation" },
  },
];
