import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * The method of order 2 with the smallest error constant for two forces per step; not time-symmetric.
 * McLachlan and Atela 1992, doi:10.1088/0951-7715/5/2/011.
 */
export const mclachlanAtela2: SymplecticSolver = symplecticSplitting({
  name: "mclachlanAtela2",
  order: 2,
  sequence: [
    ["kick", 0.2928932188134525],
    ["drift", 0.7071067811865476],
    ["kick", 0.7071067811865476],
    ["drift", 0.2928932188134525],
  ],
  reference: "McLachlan and Atela 1992, doi:10.1088/0951-7715/5/2/011",
});
