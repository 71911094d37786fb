import { validateOptions } from "../../../commands/validate/options";

test("reads what is asked for, and has defaults for the rest", () => {
  expect(validateOptions(["--stack", "cloud"])).toEqual({
    stack: "cloud",
    canary: true,
    canarySeconds: 300,
    versions: 3,
    readBytes: 64 * 2 ** 20,
    requests: {},
    prometheus: {},
  });
  const all =
    "--stack hpc --json a.json --markdown a.md --no-canary --canary-seconds 60 --versions 1 --read 0";
  expect(
    validateOptions([
      ...all.split(" "),
      "--request",
      "m=r.json",
      "--prometheus",
      "hpc=https://localhost:9090",
    ]),
  ).toEqual({
    stack: "hpc",
    json: "a.json",
    markdown: "a.md",
    canary: false,
    canarySeconds: 60,
    versions: 1,
    readBytes: 0,
    requests: { m: "r.json" },
    prometheus: { hpc: "https://localhost:9090" },
  });
});

test.each(["http://localhost:9090", "http://127.0.0.1:9090/path", "http://[::1]:9090"])(
  "takes %s for a forwarded port of this machine",
  (url) =>
    expect(validateOptions(["--stack", "a", "--prometheus", `hpc=${url}`]).prometheus).toEqual({ hpc: url }),
);

test.each([
  [[], "--stack is missing"],
  [["--stack", "a", "--versions", "0"], '--versions "0": write a whole number of 1 or more'],
  [["--stack", "a", "--read", "x"], '--read "x": write a whole number of 0 or more'],
  [["--stack", "a", "--request", "m"], '--request "m": write NAME=VALUE'],
  [
    ["--stack", "a", "--prometheus", "hpc=http://x"],
    "must be an https URL, or http://localhost:PORT: a password is sent",
  ],
  [["--stack", "a", "--prometheus", "hpc=http://localhost.x:9090"], "must be an https URL"],
  [["--stack", "a", "--what"], "Unknown option '--what'"],
])("refuses %j with the usage", (args, message) => {
  expect(() => validateOptions(args)).toThrow(message);
  expect(() => validateOptions(args)).toThrow("usage: npm run validate -- --stack NAME");
});
