/**
 * Stands where NVIDIA's DCGM exporter stands on a site, with its names and labels, and says in each that it simulates:
 * a GPU is as busy as the CPU that its holder uses of what it requests, measured by the kubelet.
 */
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { serveMetrics } from "../system/metricsServer";
import type { PodObject } from "./holders";
import { dcgmExporter, gpus } from "./inventory";
import { SimulatedNode } from "./node";
import { exposition } from "./readings";

/** Scrapes closer together than this share one look at the node, in milliseconds. */
const FRESH = 2_000;
const KUBELET_PORT = 10_250;
const account = "/var/run/secrets/kubernetes.io/serviceaccount";

function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "")
    throw new Error(`${name} is not set: the pod's specification sets it`);
  return value;
}

/** GET with the pod's own token, which is renewed on disk. */
async function get(host: string, port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host,
        port,
        path,
        ca: readFileSync(join(account, "ca.crt")),
        headers: { authorization: `Bearer ${readFileSync(join(account, "token"), "utf8")}` },
        timeout: 5_000,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          if (response.statusCode === 200) resolve(text);
          else
            reject(
              new Error(`https://${host}:${port}${path}: ${response.statusCode ?? 0} ${text.slice(0, 500)}`),
            );
        });
      },
    );
    call.on("timeout", () => call.destroy(new Error(`https://${host}:${port}${path}: no answer within 5 s`)));
    call.on("error", reject);
    call.end();
  });
}

const nodeName = needed("NODE_NAME");
const nodeIp = needed("NODE_IP");
const api = { host: needed("KUBERNETES_SERVICE_HOST"), port: Number(needed("KUBERNETES_SERVICE_PORT")) };
const simulated = new SimulatedNode(gpus);
const podsPath = `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${nodeName},status.phase=Running`)}`;

async function look(): Promise<string> {
  const [pods, usage] = await Promise.all([
    get(api.host, api.port, podsPath),
    get(nodeIp, KUBELET_PORT, "/metrics/resource"),
  ]);
  const { items } = JSON.parse(pods) as { items: readonly PodObject[] };
  return exposition(simulated.update({ at: Date.now(), pods: items, usage }), nodeName);
}

let last: { readonly at: number; readonly text: Promise<string> } | undefined;
function current(): Promise<string> {
  if (last === undefined || Date.now() - last.at > FRESH) last = { at: Date.now(), text: look() };
  return last.text;
}

serveMetrics(dcgmExporter.port, `simulated GPUs of ${nodeName} on :${dcgmExporter.port}`, current);
