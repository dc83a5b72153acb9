import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Order 4 with four forces per step for H = p·p/2 + V(q) only, kick first; not time-symmetric.
 * McLachlan and Atela 1992, doi:10.1088/0951-7715/5/2/011.
 */
export const mclachlanAtela4Rkn: SymplecticSolver = symplecticSplitting({
  name: "mclachlanAtela4Rkn",
  order: 4,
  sequence: [
    ["kick", 0.1344961992774311],
    ["drift", 0.5153528374311229],
    ["kick", -0.22481980307942082],
    ["drift", -0.08578201941297364],
    ["kick", 0.7563200005156683],
    ["drift", 0.4415830236164665],
    ["kick", 0.33400360328632145],
    ["drift", 0.12884615836538418],
  ],
  rkn: true,
  reference: "McLachlan and Atela 1992, doi:10.1088/0951-7715/5/2/011",
});
