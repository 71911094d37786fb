import { documentProblem, sameDocument } from "../../../../sandbox/offline/minio/document";

const statement = { Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject"], Resource: "arn:aws:s3:::a/*" };
const document = (...statements: object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });

describe("two policy documents", () => {
  it.each([
    [
      "with other white space and order of keys",
      `{ "Statement" : [${JSON.stringify(statement)}], "Version":"2012-10-17"}`,
    ],
    ["with actions in another order", document({ ...statement, Action: ["s3:PutObject", "s3:GetObject"] })],
    ["with a list for a single string", document({ ...statement, Resource: ["arn:aws:s3:::a/*"] })],
    ["with empty fields", document({ Sid: "", ...statement, Condition: {} })],
    ["with one statement not in a list", JSON.stringify({ Version: "2012-10-17", Statement: statement })],
    ["with a statement twice", document(statement, statement)],
  ])("say the same %s", (_, other) => {
    expect(sameDocument(document(statement), other)).toBe(true);
  });

  it.each([
    ["effect", document({ ...statement, Effect: "Deny" })],
    ["action", document({ ...statement, Action: ["s3:GetObject"] })],
    ["resource", document({ ...statement, Resource: "arn:aws:s3:::b/*" })],
    ["statement more", document(statement, { ...statement, Action: "s3:DeleteObject" })],
    ["version", JSON.stringify({ Version: "2008-10-17", Statement: [statement] })],
    ["condition", document({ ...statement, Condition: { StringEquals: { "s3:prefix": "a" } } })],
  ])("differ by one %s", (_, other) => {
    expect(sameDocument(document(statement), other)).toBe(false);
  });

  it("say the same with conditions and statements in another order, and differ by a condition's value", () => {
    const other = { ...statement, Action: "s3:ListBucket" };
    const limited = (prefixes: unknown): object => ({
      ...statement,
      Condition: { StringLike: { "s3:prefix": prefixes }, Bool: { "aws:SecureTransport": true } },
    });
    const rewritten = {
      ...statement,
      Condition: { Bool: { "aws:SecureTransport": ["true"] }, StringLike: { "s3:prefix": ["b", "a"] } },
    };
    expect(sameDocument(document(limited(["a", "b"]), other), document(other, rewritten))).toBe(true);
    expect(sameDocument(document(limited(["a"]), other), document(other, rewritten))).toBe(false);
  });

  it("are compared as text when one is no JSON object", () => {
    expect(sameDocument("no json", "no json")).toBe(true);
    expect(sameDocument("no json", document(statement))).toBe(false);
    expect(documentProblem("[]")).toBe("is not a JSON object");
    expect(documentProblem(document(statement))).toBeUndefined();
  });
});
