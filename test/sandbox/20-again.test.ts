import { fingerprints, pulumiRun } from "../support/live";

describe("up again", () => {
  it.each(["cloud", "hpc"] as const)("changes nothing in %s: no step, no object touched", (stack) => {
    const before = fingerprints(stack);
    expect(Object.keys(before).length).toBeGreaterThan(10);
    const run = pulumiRun(["up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", stack]);
    expect(run.status === 0 ? "" : run.output).toBe("");
    expect(fingerprints(stack)).toEqual(before);
  });

  it.each(["cloud", "hpc"] as const)("finds no drift in %s", (stack) => {
    const run = pulumiRun(["refresh", "--preview-only", "--expect-no-changes", "--stack", stack]);
    expect(run.status === 0 ? "" : run.output).toBe("");
  });
});
