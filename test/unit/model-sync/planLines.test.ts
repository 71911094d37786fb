import type { PlannedModel } from "../../../workloads/model-sync/commands/plan";
import { planLines } from "../../../workloads/model-sync/report";

const planned = (
  model: string,
  action: PlannedModel["action"],
  sendFiles = 0,
  copyFiles = 0,
): PlannedModel => ({
  model,
  action,
  detail: `because of ${action}`,
  sendFiles,
  sendBytes: sendFiles * 1024 ** 2,
  copyFiles,
  copyBytes: copyFiles * 1024,
});

const steps = (models: readonly PlannedModel[]): string[] => planLines(models).slice(-6, -1);

describe("a plan for people", () => {
  it("has a row a model, and says what each step after the look would do", () => {
    const models = [
      planned("a", "send", 3, 1),
      planned("b", "settle", 1),
      planned("c", "read-again"),
      planned("d", "register"),
      planned("e", "nothing"),
      planned("f", "wait"),
      planned("g", "refuse"),
    ];
    const lines = planLines(models);
    expect(lines.slice(0, 3).map((line) => line.split(/ {2,}/))).toEqual([
      ["model", "action", "send", "copy on the server", "detail"],
      ["a", "send", "3 files, 3.0 MiB", "1 files, 1.0 KiB", "because of send"],
      ["b", "settle", "1 files, 1.0 MiB", "0 files, 0 B", "because of settle"],
    ]);
    expect(lines.slice(8)).toEqual([
      "3 transfer: 2 models: 4 files to send, 4.0 MiB; 1 file to copy on the server, 1.0 KiB",
      "4 publish: 2 models",
      "5 validate checksums: 2 models; 1 published one to read again",
      "6 register: 3 models",
      "7 update state: 7 models",
      "nothing was changed",
    ]);
  });

  it("says so where there is nothing to do", () => {
    expect(steps([])).toEqual([
      "3 transfer: 0 models: 0 files to send, 0 B; 0 files to copy on the server, 0 B",
      "4 publish: 0 models",
      "5 validate checksums: 0 models; 0 published ones to read again",
      "6 register: 0 models",
      "7 update state: 0 models",
    ]);
  });
});
