import { requirePinnedImages as policy } from "../../policies/rules/requirePinnedImages";
import { analyze, unknown, violations } from "./engine";
import { container, deployment, image, nested, podSpec, workloads } from "./fixtures";

const kindOf = (type: string) => type.slice(type.indexOf(":") + 1);
const remedy = "write name:tag@sha256:<64 hex digits>";

describe("require-pinned-images", () => {
  it.each(workloads)("accepts digests in %s", async (type, path) => {
    expect(await violations(policy, type, nested(path, podSpec()))).toEqual([]);
  });

  it.each(workloads)("refuses a tag in %s", async (type, path) => {
    const spec = podSpec({ containers: [container({ image: "nginx:1.27" })] });
    expect(await violations(policy, type, nested(path, spec))).toEqual([
      `${kindOf(type)} "subject", container "app", ${path}.containers[0].image: "nginx:1.27" is not pinned; ${remedy}`,
    ]);
  });

  it("looks at init and ephemeral containers too", async () => {
    const spec = podSpec({
      initContainers: [container(), container({ name: "init", image: "busybox" })],
      ephemeralContainers: [container({ name: "debug", image: "busybox:1@sha256:0123" })],
    });
    expect(await violations(policy, "apps/v1:Deployment", deployment(spec))).toEqual([
      `Deployment "subject", container "init", spec.template.spec.initContainers[1].image: "busybox" is not pinned; ${remedy}`,
      `Deployment "subject", container "debug", spec.template.spec.ephemeralContainers[0].image: "busybox:1@sha256:0123" is not pinned; ${remedy}`,
    ]);
  });

  it.each([[{}], [{ image: "" }], [{ image: null }]])(
    "refuses a container without image: %j",
    async (changes) => {
      const bare = podSpec({ containers: [{ name: "app", ...changes }] });
      expect(await violations(policy, "apps/v1:Deployment", deployment(bare))).toEqual([
        `Deployment "subject", container "app", spec.template.spec.containers[0].image: no image; ${remedy}`,
      ]);
    },
  );

  it("names a container without a name by its place", async () => {
    expect(await violations(policy, "core/v1:Pod", { spec: { containers: [{ image: "a" }] } })).toEqual([
      `Pod "subject", container #0, spec.containers[0].image: "a" is not pinned; ${remedy}`,
    ]);
  });

  it("has nothing to say where there is no pod", async () => {
    expect(await violations(policy, "apps/v1:Deployment", {})).toEqual([]);
    expect(await violations(policy, "core/v1:ConfigMap", { data: { image: "nginx" } })).toEqual([]);
    expect(
      await violations(policy, "serving.kserve.io/v1:Pod", nested("spec", { containers: [{ image: "a" }] })),
    ).toEqual([]);
  });

  it("says as an advisory that an image is not known yet, and still stops what it knows", async () => {
    const spec = podSpec({
      containers: [container({ image: unknown }), container({ name: "side", image: "nginx" })],
    });
    expect(await analyze(policy, "apps/v1:Deployment", deployment(spec))).toEqual([
      {
        level: "mandatory",
        message: `Deployment "subject", container "side", spec.template.spec.containers[1].image: "nginx" is not pinned; ${remedy}`,
      },
      {
        level: "advisory",
        message:
          "can't run policy 'require-pinned-images' from policy pack 'federation@v0.1.0' during preview: string value at .spec.template.spec.containers.0.image can't be known during preview",
      },
    ]);
  });

  it("does not mind unknown values it need not read", async () => {
    const spec = podSpec({ containers: [container({ env: unknown })] });
    expect(await analyze(policy, "apps/v1:Deployment", deployment(spec, { namespace: unknown }))).toEqual([]);
  });

  it("takes an image with registry, port and tag, given a digest", async () => {
    const spec = podSpec({
      containers: [container({ image: image.replace("registry.example", "localhost:5000") })],
    });
    expect(await violations(policy, "apps/v1:Deployment", deployment(spec))).toEqual([]);
  });
});
