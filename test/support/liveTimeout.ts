// Live tests wait for conditions with deadlines of their own; this one only ends a test that hangs.
jest.setTimeout(15 * 60_000);
