import * as pulumi from "@pulumi/pulumi";
import { ExistingGrafana, existingGrafanaProblems } from "../../../components/monitoring/grafanaExisting";
import type { ExistingGrafanaArgs } from "../../../components/monitoring/grafanaExisting";
import { SECRET_MARK, only, record, summary } from "../../support/mocks";
import type { Registration } from "../../support/mocks";
import { dashboards, uids } from "./grafanaSamples";

describe("a Grafana that exists", () => {
  const existing: ExistingGrafanaArgs = {
    url: "https://grafana.example",
    token: "token of a service account",
    caCertificates: "grafana's ca",
    dashboards,
    prometheus: {
      url: "https://192.168.200.10:30990",
      caCertificates: "ca certificates",
      user: pulumi.secret({ username: "local-1", password: "local password" }),
    },
    scrapeInterval: "30s",
  };
  const use = (
    change: Partial<ExistingGrafanaArgs> = {},
    preview = false,
  ): Promise<readonly Registration[]> =>
    record(() => new ExistingGrafana("grafana", { ...existing, ...change }), { preview });
  const children = [
    "federation:monitoring:ExistingGrafana grafana",
    "grafana:oss/dataSource:DataSource grafana-data-source",
    "grafana:oss/folder:Folder grafana-folder",
    ...uids.map((uid) => `grafana:oss/dashboard:Dashboard grafana-${uid}`),
    "pulumi:providers:grafana grafana-provider",
  ].sort();

  it("gets exactly these, in a preview too", async () => {
    expect(summary(await use())).toEqual(children);
    expect(summary(await use({}, true))).toEqual(children);
  });

  it("is reached by its own provider, with the token as a secret", async () => {
    const registrations = await use();
    const { inputs } = only(registrations, "grafana-provider");
    expect(inputs).toMatchObject({ url: "https://grafana.example", caCert: "grafana's ca" });
    expect(inputs.auth).toEqual({ ...SECRET_MARK, value: "token of a service account" });
    const resources = registrations.filter(({ type }) => type.startsWith("grafana:"));
    expect(new Set(resources.map(({ provider }) => provider))).toEqual(new Set(["grafana-provider"]));
    const trusted = only(await use({ caCertificates: undefined }), "grafana-provider");
    expect(trusted.inputs).not.toHaveProperty("caCert");
  });

  it("gets the data source under the uid that the dashboards name, its password as a secret", async () => {
    const { inputs } = only(await use(), "grafana-data-source");
    const { jsonDataEncoded, secureJsonDataEncoded, basicAuthUsername, ...plain } = inputs;
    expect(plain).toEqual({
      name: "Federation",
      uid: "federation-prometheus",
      type: "prometheus",
      accessMode: "proxy",
      url: "https://192.168.200.10:30990",
      basicAuthEnabled: true,
    });
    expect(JSON.parse(String(jsonDataEncoded))).toEqual({
      httpMethod: "POST",
      prometheusType: "Prometheus",
      timeInterval: "30s",
      tlsAuthWithCACert: true,
      manageAlerts: false,
      allowAsRecordingRulesTarget: false,
    });
    expect(basicAuthUsername).toEqual({ ...SECRET_MARK, value: "local-1" });
    expect(secureJsonDataEncoded).toEqual({
      ...SECRET_MARK,
      value: JSON.stringify({ basicAuthPassword: "local password", tlsCACert: "ca certificates" }),
    });
  });

  it("gets the dashboards in a folder of their own", async () => {
    const registrations = await use();
    expect(only(registrations, "grafana-folder").inputs).toEqual({
      uid: "federation",
      title: "Federation",
      preventDestroyIfNotEmpty: true,
    });
    for (const { uid, json } of dashboards) {
      expect(only(registrations, `grafana-${uid}`).inputs).toEqual({
        folder: "federation",
        configJson: json,
        overwrite: true,
      });
    }
  });

  it("is refused with wrong arguments", async () => {
    expect(
      existingGrafanaProblems({ ...existing, url: "http://grafana.example", scrapeInterval: "" }),
    ).toEqual([
      'url: "http://grafana.example" is no https URL, and the token would be sent in the clear; use https',
      'scrapeInterval: "" is no duration; write a number and a unit such as 15s or 1m30s',
    ]);
    await expect(use({ url: "http://grafana.example" })).rejects.toThrow("grafana: url:");
    await pulumi.runtime.disconnect();
  });
});
