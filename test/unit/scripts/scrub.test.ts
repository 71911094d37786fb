import * as fc from "fast-check";
import { looksSecret, plainText, scrub } from "../../../scripts/scrub";

const pem =
  "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nAASCBKcwggSj\n-----END PRIVATE KEY-----";
const bcrypt = "$2b$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234";
const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJmZWRlcmF0aW9uIn0.c2lnbmF0dXJl_-x";
const base64 = "c2VjcmV0LWtleS1kYXRhLW9mLWEta3ViZWNvbmZpZy1maWxlLTEyMzQ1Njc4OTA=";

describe("looksSecret", () => {
  it.each(
    "password DB_PASSWORD local.password member-hpc.password ADMIN_TOKEN bearerToken clientSecret client-key-data tls.key AWS_SECRET_ACCESS_KEY apiKey api_keys PULUMI_CONFIG_PASSPHRASE encryptionsalt_salt DB_PASS credentials --auth-token kubeconfig Authorization".split(
      " ",
    ),
  )("takes %s for a secret", (name) => {
    expect(looksSecret(name)).toBe(true);
  });

  it.each(
    "secretName password_file PULUMI_CONFIG_PASSPHRASE_FILE automountServiceAccountTokens1 key name kind compass bypass tokens_total keyUsage passwordless".split(
      " ",
    ),
  )("does not take %s for one", (name) => {
    expect(looksSecret(name)).toBe(false);
  });
});

describe("plainText", () => {
  it("drops colours, hyperlinks, control, direction and invisible characters, and keeps tabs and line ends", () => {
    const text =
      "\u001b[1;31mred\u001b[0m\r\n\u001b]8;;https://x\u0007link\u001b]8;;\u001b\\ a\u0000\u0007b\tc\u202ed\u200be\ufefff\rg\u009b3mh";
    expect(plainText(text)).toBe("red\nlink ab\tcdef\ngh");
  });

  it("replaces half a character and keeps whole ones", () => {
    expect(plainText("a\ud83d b🔒c\udd12")).toBe("a\ufffd b🔒c\ufffd");
  });
});

describe("scrub", () => {
  it.each<[string, string, string]>([
    ["a PEM block", `ca: |-text\n${pem}\nafter`, "ca: |-text\n[scrubbed]\nafter"],
    [
      "a PEM block in one line",
      `k: "${pem.replaceAll("\n", "\\n")}\\n" => "x"\nafter`,
      'k: "[scrubbed]\\n" => "x"\nafter',
    ],
    [
      "a PEM block that the CLI cut",
      'k.pem  : "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADAN\\n..."\nweb.yml: (yaml) {',
      'k.pem  : "[scrubbed]\nweb.yml: (yaml) {',
    ],
    [
      "a PEM block without its end, in a text diff",
      "  -----BEGIN RSA PRIVATE KEY-----\n- MIIEvQIBADAN\n+ MIIEvQIBADAO\n  abcd=\nkind: ConfigMap",
      "  [scrubbed]\nkind: ConfigMap",
    ],
    ["a bcrypt hash", `federation: "${bcrypt}"`, 'federation: "[scrubbed]"'],
    ["a bcrypt hash that the CLI cut", "federation: $2y$12$abcdefg...", "federation: [scrubbed]"],
    ["a JWT", `sent ${jwt}, refused`, "sent [scrubbed], refused"],
    ["a bearer token", "header is Bearer abc.def-123", "header is Bearer [scrubbed]"],
    ["basic authentication", "header is Basic dXNlcjpwYXNz", "header is Basic [scrubbed]"],
    [
      "the user info of a URL",
      "get https://federation:p@ss:w0rd@198.18.1.2:30990/federate?x=a@b",
      "get https://[scrubbed]@198.18.1.2:30990/federate?x=a@b",
    ],
    ["a user alone in a URL", "s3://AKIDEXAMPLE@bucket/key", "s3://[scrubbed]@bucket/key"],
    ["a token of GitHub", `ghp_${"a1".repeat(18)}.`, "[scrubbed]."],
    ["an access key of AWS", "id AKIAIOSFODNN7EXAMPLE used", "id [scrubbed] used"],
    ["long base64", `x: ${base64}`, "x: [scrubbed]"],
    ["data of a kubeconfig", "client-key-data: c2hvcnQ=", "client-key-data: [scrubbed]"],
    ["a quoted value", 'password: "hunter2", user: "me"', 'password: [scrubbed], user: "me"'],
    ["a value with escaped quotes", 'password: "hun\\"ter2" end', "password: [scrubbed] end"],
    ["a value that changes", '~ local.password : "old1" => "new2"', "~ local.password : [scrubbed]"],
    ["a value that becomes a secret", 'token: "old1" => [secret]', "token: [scrubbed]"],
    ["a secret that becomes a value", 'token: [secret] => "new2"', "token: [scrubbed]"],
    ["a value of several words", "passphrase: correct horse battery", "passphrase: [scrubbed]"],
    ["a number", "password: 12345", "password: [scrubbed]"],
    ["a shell's assignment", "DB_PASSWORD=hunter2 LOG=info", "DB_PASSWORD=[scrubbed] LOG=info"],
    ["JSON", '{"user":"me","password":"hunter2","port":1}', '{"user":"me","password":[scrubbed],"port":1}'],
    [
      "JSON in a string",
      String.raw`x: "{\"password\":\"hunter2\",\"port\":1}"`,
      String.raw`x: "{\"password\":[scrubbed],\"port\":1}"`,
    ],
    ["a key within a value", "msg: wrong password: hunter2", "msg: wrong password: [scrubbed]"],
    ["a flag", "run --admin-password hunter2 --port 1", "run --admin-password [scrubbed] --port 1"],
    ["a flag with =", "run --admin-password=hunter2 --port 1", "run --admin-password=[scrubbed] --port 1"],
    ["a flag in a list", '["--token", "hunter2", "-v"]', '["--token", [scrubbed], "-v"]'],
    [
      "an environment variable in the CLI's diff",
      '~ [0]: {\n      name : "ADMIN_TOKEN"\n    ~ value: "tok-old" => "tok-new"\n  }',
      '~ [0]: {\n      name : "ADMIN_TOKEN"\n    ~ value: [scrubbed]\n  }',
    ],
    [
      "an environment variable in YAML",
      "- name: DB_PASSWORD\n  value: hunter2\n- name: MODE\n  value: b",
      "- name: DB_PASSWORD\n  value: [scrubbed]\n- name: MODE\n  value: b",
    ],
    [
      "an environment variable in JSON, value first",
      '[{"value":"hunter2","name":"DB_PASSWORD"}]',
      '[{"value":[scrubbed],"name":"DB_PASSWORD"}]',
    ],
    [
      "a block of YAML",
      "stringData:\n  local.password: |\n    hunter2\n\n    more\n  user: me",
      "stringData:\n  local.password: |\n    [scrubbed]\n  user: me",
    ],
    [
      "a text diff of the CLI",
      "  ~ local.password: \n      - hunter2\n      + hunter3\n    kind: x",
      "  ~ local.password: \n      [scrubbed]\n    kind: x",
    ],
  ])("takes out %s", (_what, text, expected) => {
    expect(scrub(text)).toBe(expected);
  });

  it.each([
    "        ~ kubernetes:core/v1:Secret: (update)",
    "            [urn=urn:pulumi:cloud::federation::federation:monitoring:X$kubernetes:core/v1:Secret::prometheus-credentials]",
    "p@v1 [mandatory] x (kubernetes:core/v1:Secret: prometheus-credentials)",
    '  secretName: "prometheus-credentials"',
    "  password_file: /etc/prometheus/credentials/local.password",
    "  secret     : {",
    "  secrets: [",
    "  stringData: [secret]",
    "  token: [secret] => [secret]",
    "  password: output<string>",
    "  automountServiceAccountToken: false",
    '{"automountServiceAccountToken":false,"x":1}',
    "image: quay.io/prometheus/prometheus@sha256:0f3cbb0a1b29dd1f5ff5e7cbe1f2a3e9a4d25d2f3f0b1b39d4f3f7b8a1c2d3e4",
    "uid: 14d03321-d47e-4a32-96e9-61c4601c0f3a",
    "path: /sys/fs/cgroup/memory/kubepods/burstable/federation/prometheus/volumes",
    "credentials:\n  - name: a",
    "error: wrong password for the member",
  ])("leaves what a reviewer needs: %s", (line) => {
    expect(scrub(line)).toBe(line);
  });

  it("takes out known values, also trimmed, in base64 and in percent encoding, but none under 6 characters", () => {
    const secret = "p/ss wörd+1\n";
    const forms = [
      secret.trim(),
      Buffer.from(secret).toString("base64"),
      Buffer.from(secret.trim()).toString("base64"),
      encodeURIComponent(secret.trim()),
    ];
    expect(scrub(forms.join(" | "), [secret, "a", "12345"])).toBe(forms.map(() => "[scrubbed]").join(" | "));
  });

  it("lets no secret through, wherever in a line it stands", () => {
    const secrets = fc.constantFrom(pem, bcrypt, jwt, base64, pem.replaceAll("\n", "\\n"));
    const words = fc.stringMatching(/^[ a-z:="{}[\],~+-]{0,30}$/);
    fc.assert(
      fc.property(words, secrets, words, (before, secret, after) => {
        const result = scrub(`${before} ${secret} ${after}`);
        expect(result).not.toContain(secret.slice(30, 50));
      }),
    );
  });

  it("ends soon on a long text of unfinished secrets", () => {
    const nasty = [
      "-----BEGIN X-----\n",
      'password: "',
      "https://a",
      "eyJhbGciOi.",
      "name: A\n",
      "--token '",
      '\\\\"',
    ];
    for (const piece of nasty) {
      const text = piece.repeat(Math.ceil(200_000 / piece.length));
      expect(typeof scrub(text)).toBe("string");
    }
  }, 20_000);
});
