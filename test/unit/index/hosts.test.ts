import * as pulumi from "@pulumi/pulumi";
import type { HostExportersSettings } from "../../../settings";
import { only } from "../../support/mocks";
import type { Registration } from "../../support/mocks";
import { added, run } from "./run";
import { member } from "./samples";

const hostExporters: HostExportersSettings = {
  privateKey: pulumi.secret("host-private-key"),
  hosts: [
    {
      name: "gpu-01",
      address: "192.168.100.21",
      port: 22,
      user: "root",
      hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample",
      exporters: [
        {
          kind: "node",
          version: "1.10.2",
          url: "file:///sw/node_exporter",
          sha256: "0".repeat(64),
          port: 9100,
          args: [],
          environment: {},
        },
      ],
      mounts: [],
      paused: false,
    },
  ],
};
/** A host on which all is as declared. */
const asApplied = { "command:local:run": () => ({ stdout: "mark first\nnonce 00000000" }) };

describe("the program", () => {
  it("adds exporters on hosts to a member, in a preview too", async () => {
    const settings = { ...member, hostExporters };
    const up = await added(member, settings, { calls: asApplied });
    expect(up).toEqual([
      "command:remote:Command host-exporters-gpu-01",
      "federation:hosts:HostExporters host-exporters",
      "pulumi:providers:command hosts",
    ]);
    expect(await added(member, settings, { preview: true, calls: asApplied })).toEqual(up);
  });

  it("touches hosts by a provider of its own, and only once the cluster is known to be the right one", async () => {
    const into: Registration[] = [];
    await run({ ...member, hostExporters }, { into, calls: asApplied });
    expect(only(into, "host-exporters-gpu-01").provider).toBe("hosts");
    const identity = into.findIndex(({ name }) => name === "cluster-identity");
    expect(into.findIndex(({ name }) => name === "host-exporters-gpu-01")).toBeGreaterThan(identity);
  });
});
