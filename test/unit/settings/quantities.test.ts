import {
  asPrometheusSize,
  cpuMillicores,
  durationMilliseconds,
  kubernetesBytes,
  prometheusBytes,
} from "../../../settings/quantities";

const GI = 1024 ** 3;

test.each([
  ["15s", 15_000],
  ["1m30s", 90_000],
  ["15d", 15 * 86_400_000],
  ["1y2w", 379 * 86_400_000],
  ["500ms", 500],
  ["0s", undefined],
  ["", undefined],
  ["15", undefined],
  ["1.5h", undefined],
  ["30s1m", undefined],
  ["15 s", undefined],
])("reads the Prometheus duration %s", (text, milliseconds) => {
  expect(durationMilliseconds(text)).toBe(milliseconds);
});

test.each([
  ["40GB", 40 * GI],
  ["512MB", GI / 2],
  ["7B", 7],
  ["2PB", 2 * 1024 ** 5],
  ["40Gi", undefined],
  ["40G", undefined],
  ["0GB", undefined],
  ["1.5GB", undefined],
])("reads the Prometheus size %s in powers of 1024", (text, bytes) => {
  expect(prometheusBytes(text)).toBe(bytes);
});

test.each([
  ["50Gi", 50 * GI],
  ["50G", 50_000_000_000],
  ["1.5Ki", 1536],
  ["1000", 1000],
  ["20k", 20_000],
  ["50GB", undefined],
  ["0", undefined],
  ["100m", undefined],
])("reads the Kubernetes quantity %s", (text, bytes) => {
  expect(kubernetesBytes(text)).toBe(bytes);
});

test.each([
  ["250m", 250],
  ["2", 2000],
  ["0.5", 500],
  ["0", undefined],
  ["two", undefined],
])("reads the CPU quantity %s", (text, millicores) => {
  expect(cpuMillicores(text)).toBe(millicores);
});

test.each([
  [40 * GI, "40GB"],
  [8 * GI, "8192MB"],
  [100, "100B"],
  [40 * GI - 1, "39GB"],
])("names %d bytes as a Prometheus size that is not larger", (bytes, text) => {
  expect(asPrometheusSize(bytes)).toBe(text);
});
