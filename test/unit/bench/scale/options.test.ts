import { parseOptions } from "../../../../bench/scale/options";

describe("options", () => {
  it("are the whole site by default, under its own name", () => {
    expect(parseOptions([])).toMatchObject({
      name: "scale",
      nodes: 1000,
      gpusPerNode: 8,
      history: 21_600,
      rounds: 20,
      inventory: { gpus: 8000 },
    });
  });

  it.each([
    [["--quick"], 50, 3],
    [["--nodes", "100"], 100, 20],
    [["--quick", "--nodes", "7", "--rounds", "2"], 7, 2],
    [["--rounds", "5"], 1000, 5],
  ])("%j are another site or fewer rounds, whose result has another name", (args, nodes, rounds) => {
    const sizes = parseOptions(args);
    expect([sizes.name, sizes.nodes, sizes.rounds, sizes.inventory.gpus]).toEqual([
      "scale-quick",
      nodes,
      rounds,
      nodes * 8,
    ]);
  });

  it.each([
    [["--nodes", "0"], "--nodes 0: a whole number from 1 up"],
    [["--rounds", "many"], "--rounds many: a whole number from 1 up"],
  ])("%j are refused with the usage", (args, said) => {
    expect(() => parseOptions(args)).toThrow(said);
    expect(() => parseOptions(args)).toThrow("npm run bench:scale");
  });
});
