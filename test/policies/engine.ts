import type { ResourceValidationPolicy } from "@pulumi/policy";
import * as analyzer from "@pulumi/pulumi/proto/analyzer_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

/** What the SDK's server does for the engine's call `Analyze`; the module has no types of its own. */
interface PolicyServer {
  readonly makeAnalyzeRpcFun: (
    pack: string,
    version: string,
    level: string,
    policies: readonly ResourceValidationPolicy[],
  ) => (
    call: { readonly request: analyzer.AnalyzeRequest },
    callback: (error: Error | undefined, response: analyzer.AnalyzeResponse) => void,
  ) => void;
}

const server = jest.requireActual<PolicyServer>("@pulumi/policy/server");

/** What stands in a resource's inputs where a preview does not know a string yet. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export interface Finding {
  readonly level: "advisory" | "mandatory";
  readonly message: string;
}

/** Runs one policy on one resource, through the SDK's own server: `type` without `kubernetes:`. */
export async function analyze(
  policy: ResourceValidationPolicy,
  type: string,
  properties: Readonly<Record<string, JavaScriptValue>>,
): Promise<readonly Finding[]> {
  const request = new analyzer.AnalyzeRequest();
  request.setType(`kubernetes:${type}`);
  request.setName("subject");
  request.setUrn(`urn:pulumi:cloud::federation::kubernetes:${type}::subject`);
  request.setProperties(Struct.fromJavaScript({ ...properties }));
  const options = new analyzer.AnalyzerResourceOptions();
  options.setCustomtimeouts(new analyzer.AnalyzerResourceOptions.CustomTimeouts());
  request.setOptions(options);
  const analyzeCall = server.makeAnalyzeRpcFun("federation", "0.1.0", "advisory", [policy]);
  const response = await new Promise<analyzer.AnalyzeResponse>((resolve, reject) => {
    analyzeCall({ request }, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
  return response.getDiagnosticsList().map((diagnostic) => ({
    level:
      diagnostic.getEnforcementlevel() === analyzer.EnforcementLevel.MANDATORY ? "mandatory" : "advisory",
    // the SDK puts the policy's description before the message
    message: diagnostic
      .getMessage()
      .slice(diagnostic.getMessage().startsWith(policy.description) ? policy.description.length + 1 : 0),
  }));
}

/** Messages of what one policy finds in one resource, each of them mandatory. */
export async function violations(
  policy: ResourceValidationPolicy,
  type: string,
  properties: Readonly<Record<string, JavaScriptValue>>,
): Promise<readonly string[]> {
  const findings = await analyze(policy, type, properties);
  expect(findings.filter(({ level }) => level !== "mandatory")).toEqual([]);
  return findings.map(({ message }) => message);
}
