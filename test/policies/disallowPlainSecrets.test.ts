import { disallowPlainSecrets as policy } from "../../policies/rules/disallowPlainSecrets";
import { analyze, unknown, violations } from "./engine";
import { container, deployment, nested, podSpec, workloads } from "./fixtures";

const remedy = "put it in a Secret and mount that as a file";
const key = ["-----BEGIN EC ", "PRIVATE KEY-----\nMHcCAQEE\n-----END EC ", "PRIVATE KEY-----\n"].join("");
const bcrypt = `$2b$10$${"abcdefghijkABCDEFGHIJK./0123456789".repeat(2).slice(0, 53)}`;
const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN";

const configMap = (data: Record<string, string>) => violations(policy, "core/v1:ConfigMap", { data });
const inContainer = (changes: Parameters<typeof container>[0]) =>
  violations(policy, "apps/v1:Deployment", deployment(podSpec({ containers: [container(changes)] })));

describe("disallow-plain-secrets", () => {
  it.each(workloads)("accepts file names in %s", async (type, path) => {
    expect(await violations(policy, type, nested(path, podSpec()))).toEqual([]);
  });

  it.each([
    ["a private key", key],
    ["a bcrypt hash", `admin: ${bcrypt}`],
    ["a password in a URL", "url: https://admin:hunter2@example.com/x"],
    ["a bearer token", "Authorization: Bearer abcdefgh12345678"],
    ["a JSON web token", `x: ${jwt}`],
    ["a password or token", "  password: hunter2"],
    ["a password or token", '{"client_secret": "hunter2"}'],
    ["a password or token", "basic_auth: {username: a, password: hunter2}"],
    ["a password or token", "db.password=hunter2"],
    ["a password or token", 'bearer_token: "hunter2"'],
    ["a password or token", "      credentials: hunter2"],
    ["a password or token", "aws_secret_access_key = hunter2"],
  ])("refuses %s in a ConfigMap, by line and without its value: %j", async (what, text) => {
    const found = await configMap({ "app.yml": `first: line\n${text}` });
    expect(found).toEqual([`ConfigMap "subject", data["app.yml"] line 2: ${what}; ${remedy}`]);
    expect(found.join()).not.toMatch(/hunter2|MHcCAQEE|\$2b|eyJ|abcdefgh12345678/);
  });

  it.each([
    "basic_auth:\n  username_file: /etc/c/local.username\n  password_file: /etc/c/local.password",
    "tls_config: {ca_file: /etc/c/ca.crt, key_file: /etc/c/tls.key}",
    "authorization: {credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token}",
    "bearer_token_file: /var/run/token",
    "password: $__file{/etc/c/password}",
    "password: ${PASSWORD}",
    "password: ''",
    "password: <secret>",
    "token: null",
    "password: true",
    "# password: hunter2",
    "https://example.com:9090/path?a=b",
    "https://$(USER):$(PASSWORD)@example.com",
    "the bearer of this message",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "source_labels: [__meta_kubernetes_secret]",
    'expr: "rate(vllm:generation_tokens_total[5m])"',
    "tokens: 100",
    "- name: tokens_per_second",
  ])("accepts %j in a ConfigMap", async (text) => {
    expect(await configMap({ "app.yml": text })).toEqual([]);
  });

  it("takes code for code, but not a key in it", async () => {
    expect(await configMap({ "worker.mjs": "const a = {password: e.password, token = f(x)}" })).toEqual([]);
    expect(await configMap({ "worker.mjs": key })).toEqual([
      `ConfigMap "subject", data["worker.mjs"] line 1: a private key; ${remedy}`,
    ]);
  });

  it("refuses an entry whose name says what it holds", async () => {
    expect(
      await configMap({ "admin-password": "hunter2", "password-file": "/etc/x", "tls.key": "x" }),
    ).toEqual([`ConfigMap "subject", data["admin-password"]: the value of a secret; ${remedy}`]);
  });

  it("looks into binary data", async () => {
    const binaryData = { "server.key": Buffer.from(key).toString("base64") };
    expect(await violations(policy, "core/v1:ConfigMap", { binaryData })).toEqual([
      `ConfigMap "subject", binaryData["server.key"] line 1: a private key; ${remedy}`,
    ]);
  });

  it.each([
    ["DB_PASSWORD", "hunter2", "the value of a secret"],
    ["API_KEY", "hunter2", "the value of a secret"],
    ["MINIO_SECRET_KEY", "hunter2", "the value of a secret"],
    ["CLIENT_SECRET", "hunter2", "the value of a secret"],
    ["token", "hunter2", "the value of a secret"],
    ["DATABASE_URL", "postgres://u:hunter2@db/x", "a password in a URL"],
  ])("refuses the variable %s=%s", async (name, value, what) => {
    expect(
      await inContainer({
        env: [
          { name: "A", value: "b" },
          { name, value },
        ],
      }),
    ).toEqual([
      `Deployment "subject", container "app", spec.template.spec.containers[0].env[1] (${name}): ${what}; ${remedy}`,
    ]);
  });

  it("accepts variables that say where a secret is, or are none", async () => {
    const env = [
      { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
      { name: "DB_PASSWORD_FILE", value: "/etc/db/password" },
      { name: "TOKEN", value: "/var/run/token" },
      { name: "ALLOW_EMPTY_PASSWORD", value: "yes" },
      { name: "MAX_TOKENS", value: "4096" },
      { name: "TOKENIZER", value: "bpe" },
      { name: "PASSWORD", value: "$(FROM_ELSEWHERE)" },
      { name: "PASSWORD" },
    ];
    expect(await inContainer({ env })).toEqual([]);
  });

  it.each([
    [["--password=hunter2"], 0, "the value of a secret"],
    [["--user", "a", "--api-key", "hunter2"], 2, "the value of a secret"],
    [["-password", "hunter2"], 0, "the value of a secret"],
    [["--url=https://a:hunter2@b"], 0, "a password in a URL"],
    [["sh", "-c", "curl -H 'Authorization: Bearer hunter2hunter2hunter2'"], 2, "a bearer token"],
  ])("refuses the arguments %j", async (args, index, what) => {
    for (const field of ["args", "command"]) {
      expect(await inContainer({ [field]: args })).toEqual([
        `Deployment "subject", container "app", spec.template.spec.containers[0].${field}[${index}]: ${what}; ${remedy}`,
      ]);
    }
  });

  it.each([
    [
      [
        "--password-file=/etc/x",
        "--token",
        "/var/run/token",
        "--password",
        "$(PASSWORD)",
        "--token",
        "--verbose",
      ],
    ],
    [["--web.config.file=/etc/prometheus/web.yml", "--http.config.file", "/etc/x"]],
    [["--max-tokens=100", "--password="]],
  ])("accepts the arguments %j", async (args) => {
    expect(await inContainer({ args })).toEqual([]);
  });

  it("refuses annotations and labels, of objects of any kind and of pod templates", async () => {
    expect(
      await violations(policy, "core/v1:Service", {
        metadata: {
          annotations: { "example.com/token": "hunter2", "checksum/secret": "abc" },
          labels: { key: jwt },
        },
      }),
    ).toEqual([
      `Service "subject", metadata.annotations["example.com/token"]: the value of a secret; ${remedy}`,
      `Service "subject", metadata.labels["key"]: a JSON web token; ${remedy}`,
    ]);
    const template = { metadata: { annotations: { hash: bcrypt } }, spec: podSpec() };
    expect(await violations(policy, "apps/v1:Deployment", { spec: { template } })).toEqual([
      `Deployment "subject", spec.template.metadata.annotations["hash"]: a bcrypt hash; ${remedy}`,
    ]);
    expect(
      await violations(policy, "core/v1:Pod", { metadata: { labels: { password: "hunter2" } } }),
    ).toEqual([`Pod "subject", metadata.labels["password"]: the value of a secret; ${remedy}`]);
  });

  it("has nothing to say of Secrets, absent fields and other providers", async () => {
    expect(await violations(policy, "core/v1:Secret", { stringData: { password: "hunter2", key } })).toEqual(
      [],
    );
    expect(await violations(policy, "core/v1:ConfigMap", {})).toEqual([]);
    expect(await violations(policy, "apps/v1:Deployment", {})).toEqual([]);
    expect(await inContainer({ env: null, args: null })).toEqual([]);
  });

  it("says as an advisory what is not known yet, and still stops what it knows", async () => {
    const env = [
      { name: "A", value: unknown },
      { name: "PASSWORD", value: "hunter2" },
    ];
    const spec = podSpec({ containers: [container({ env })] });
    expect(await analyze(policy, "apps/v1:Deployment", deployment(spec, { labels: { a: unknown } }))).toEqual(
      [
        {
          level: "mandatory",
          message: `Deployment "subject", container "app", spec.template.spec.containers[0].env[1] (PASSWORD): the value of a secret; ${remedy}`,
        },
        {
          level: "advisory",
          message:
            "can't run policy 'disallow-plain-secrets' from policy pack 'federation@v0.1.0' during preview: string value at .metadata.labels.a can't be known during preview",
        },
      ],
    );
  });
});
