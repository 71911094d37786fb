import * as aws4 from "aws4";
import * as fc from "fast-check";
import { encodeKey, encodeQuery } from "../../../workloads/s3/http";
import { Signer } from "../../../workloads/s3/sign";

const example = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const day = Date.parse("2013-05-24T00:00:00Z");

describe("a signature", () => {
  it("is the one of Amazon's own example", () => {
    const headers = {
      host: "examplebucket.s3.amazonaws.com",
      range: "bytes=0-9",
      "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    };
    const signed = new Signer(example, "us-east-1", () => day).sign({
      method: "GET",
      path: "/test.txt",
      query: "",
      headers,
    });
    expect(signed).toEqual({
      ...headers,
      "x-amz-date": "20130524T000000Z",
      authorization:
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, " +
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, " +
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    });
  });

  it("covers a query in the order of its names, one of which may begin another", () => {
    expect(encodeQuery({ "key-marker": "a b", uploads: "", key: "=&" })).toBe(
      "key=%3D%26&key-marker=a%20b&uploads=",
    );
  });

  it("is the one that another implementation computes, whatever is signed and whenever", () => {
    const word = fc.string({ unit: "grapheme", maxLength: 12 });
    const header = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
    let now = day;
    const signer = new Signer(example, "eu-central-1", () => now);
    const property = fc.property(
      fc.constantFrom("GET", "PUT", "HEAD", "POST", "DELETE"),
      fc.array(word, { minLength: 1, maxLength: 4 }),
      fc.dictionary(fc.stringMatching(/^[a-z][a-zA-Z-]{0,12}$/), word, { maxKeys: 4, noNullPrototype: true }),
      fc.dictionary(fc.constantFrom("x-amz-copy-source", "if-match", "x-amz-checksum-crc32"), header),
      fc.integer({ min: 0, max: 10 * 365 * 24 * 3600 }),
      (method, key, parameters, more, seconds) => {
        now = day + seconds * 1000 + 999;
        const path = `/bucket/${encodeKey(key.join("/"))}`;
        const query = encodeQuery(parameters);
        const headers = { host: "127.0.0.1:9000", "x-amz-content-sha256": "UNSIGNED-PAYLOAD", ...more };
        const time = new Date(now - 999).toISOString().replace(/[-:]|\.000/g, "");
        const theirs = aws4.sign(
          {
            service: "s3",
            region: "eu-central-1",
            method,
            path: query === "" ? path : `${path}?${query}`,
            headers: { ...headers, "x-amz-date": time },
          },
          example,
        ).headers as Record<string, string>;
        expect(signer.sign({ method, path, query, headers }).authorization).toBe(theirs.Authorization);
      },
    );
    fc.assert(property, { numRuns: 1000 });
  });
});
