import type { ExporterKind } from "../../../../components/hosts/exporterTypes";
import { commandWord, environmentWord, unitFile, unitName } from "../../../../components/hosts/unitFile";
import { dcgm, host, node, slurm } from "./samples";

const lines = (text: string, key: string): readonly string[] =>
  text.split("\n").filter((line) => line.startsWith(`${key}=`));

test("the unit of a node exporter, whole", () => {
  expect(unitFile(host(), { ...node, args: ["--collector.systemd"] })).toBe(`\
# Written by Pulumi: what is changed here by hand is found at the next preview and undone.
[Unit]
Description=node exporter 1.10.2 of the federation
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart="/opt/federation-exporters/bin/node-exporter" "--web.listen-address=192.168.100.11:9100" "--collector.systemd"
Restart=always
RestartSec=5
DynamicUser=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
UMask=0077
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallFilter=adjtimex clock_adjtime
ProtectHome=read-only
PrivateDevices=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK

[Install]
WantedBy=multi-user.target`);
});

test("the DCGM exporter sees the GPUs and nothing else of the devices", () => {
  const text = unitFile(host(), dcgm);
  expect(lines(text, "ExecStart")).toEqual([
    'ExecStart="/opt/federation-exporters/bin/dcgm-exporter" "--address=192.168.100.11:9400" "-r" "localhost:5555"',
  ]);
  expect([...lines(text, "DevicePolicy"), ...lines(text, "DeviceAllow")]).toEqual([
    "DevicePolicy=closed",
    "DeviceAllow=char-nvidia* rw",
  ]);
  expect(lines(text, "PrivateDevices")).toEqual([]);
});

test("the Slurm exporter has its environment, in order, and its own flag where one is given", () => {
  const text = unitFile(host(), {
    ...slurm,
    environment: { Z: "1", ...slurm.environment },
    listenFlag: "--addr",
  });
  expect(lines(text, "Environment")).toEqual([
    'Environment="SLURM_CONF=/etc/slurm/slurm.conf"',
    'Environment="Z=1"',
  ]);
  expect(lines(text, "ExecStart")).toEqual([
    'ExecStart="/opt/federation-exporters/bin/slurm-exporter" "--addr=192.168.100.11:8080"',
  ]);
});

test.each<[ExporterKind, string]>([
  ["node", "federation-node-exporter.service"],
  ["dcgm", "federation-dcgm-exporter.service"],
  ["slurm", "federation-slurm-exporter.service"],
])("the unit of %s is %s", (kind, name) => {
  expect(unitName({ kind })).toBe(name);
});

test.each([
  ["plain", '"plain"', '"plain"'],
  ["two words", '"two words"', '"two words"'],
  ["100%n", '"100%%n"', '"100%%n"'],
  ["$HOME ${A}", '"$$HOME $${A}"', '"$HOME ${A}"'],
  ['say "a\\b"', '"say \\"a\\\\b\\""', '"say \\"a\\\\b\\""'],
])("%s is escaped as systemd reads it", (word, command, environment) => {
  expect(commandWord(word)).toBe(command);
  expect(environmentWord("A", word)).toBe(environment.replace('"', '"A='));
});
