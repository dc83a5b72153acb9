import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * The method of order 3 with the smallest error constant for three forces per step; not time-symmetric.
 * McLachlan and Atela 1992, doi:10.1088/0951-7715/5/2/011.
 */
export const mclachlanAtela3: SymplecticSolver = symplecticSplitting({
  name: "mclachlanAtela3",
  order: 3,
  sequence: [
    ["kick", 0.2683300957817599],
    ["drift", 0.9196615230173999],
    ["kick", -0.1879916187991598],
    ["drift", -0.1879916187991598],
    ["kick", 0.9196615230173999],
    ["drift", 0.2683300957817599],
  ],
  reference: "McLachlan and Atela 1992, doi:10.1088/0951-7715/5/2/011",
});
