// The district that the page shows: its names, levels, categories, and all its cells.
//
// Start at `DistrictState.load`. Counts are not here: they are live.
import { DistrictDocument, DistrictsDocument, CellsDocument } from '../graphql/generated/operations';
import { tryAgain } from '../graphql/again';
import { isPassing, type Problem } from '../graphql/problem';
import type { ResultOf } from '../graphql/tada';
import { session, type Viewer } from '../session/session.svelte';
import { cellTree, levelsInUse, type CellTree } from '../cells/tree';
import { keptOf, keptWith, readKept, writeKept, type KeptDistrict } from './kept';

export type District = NonNullable<ResultOf<typeof DistrictDocument>['district']>;
export type DistrictEntry = NonNullable<ResultOf<typeof DistrictsDocument>['districts']>[number];
export type CellRow = NonNullable<ResultOf<typeof CellsDocument>['cells']>['nodes'][number];

const CELL_PAGE_SIZE = 200;
/** 1,400 cells in a city with four levels stay far below; more would want loading by viewport. */
const CELL_PAGES_AT_MOST = 100;

class DistrictState {
  entries = $state.raw<readonly DistrictEntry[]>([]);
  current = $state.raw<District | null>(null);
  cells = $state.raw<CellTree>(cellTree([]));
  loading = $state(true);
  problem = $state.raw<Problem | null>(null);
  /** The server answered, and there is no district to show. */
  absent = $state(false);
  /** What an earlier visit has left here for the report form, while the server cannot be reached. */
  kept = $state.raw<KeptDistrict | null>(null);
  /** The district that a report would be filed in. */
  form = $derived<KeptDistrict | null>(this.current ?? this.kept);

  /** The viewer, in their own district; to every other district they are the public. */
  viewer = $derived<Viewer | null>(session.viewer?.district?.code === this.current?.code ? session.viewer : null);
  /** The district that the viewer is signed in for while the page shows another. */
  elsewhere = $derived.by<DistrictEntry | null>(() => {
    const own = session.viewer?.district?.code;
    return this.current === null || own === this.current.code ? null : (this.entries.find(({ code }) => code === own) ?? null);
  });

  /** The levels that have cells. */
  levels = $derived(levelsInUse(this.current?.levels ?? [], this.cells.all));
  /** The stage that an incident starts in. */
  firstStage = $derived(this.current?.stages[0]?.key ?? null);

  /** Before the first import there is no cell that a report could belong to. */
  mayReport = $derived(this.current === null ? this.kept !== null : this.current.planVersion !== null);

  #request = 0;
  #giveUp: () => void = () => undefined;

  /** Loads the district with this code; without a code the viewer's own, or the first one. */
  async load(code: string | null): Promise<void> {
    const request = ++this.#request;
    this.#giveUp();
    this.loading = true;
    const problem = await this.#loadAll(code, () => request !== this.#request);
    if (request !== this.#request) return;
    // Until there is an answer the page shows what it showed: a problem that comes and goes with each attempt cannot be read.
    this.problem = problem;
    this.loading = false;
    if (this.current === null && !this.absent) this.kept = keptOf(readKept(), code);
    if (problem && isPassing(problem)) this.#giveUp = tryAgain(() => void this.load(code));
  }

  /** Whether the viewer is told of all incidents of a cell: who works for one cell hears of that one only. */
  hears(code: string): boolean {
    const own = this.viewer?.cell?.code;
    return own === undefined || this.cells.isWithin(code, own);
  }

  async #loadAll(code: string | null, isStale: () => boolean): Promise<Problem | null> {
    const districts = await session.ask(DistrictsDocument, {});
    // Looked at only now: who this is may be asked for once more at the same time.
    await session.known;
    if (isStale()) return null;
    if (districts.problem) return districts.problem;
    this.entries = districts.data.districts ?? [];
    // Whose district to show is not known before the server has said who this is.
    if (code === null && session.token !== null && session.viewer === null && session.problem) return session.problem;
    const chosen = code ?? session.viewer?.district?.code ?? this.entries[0]?.code;
    if (chosen === undefined) {
      this.absent = true;
      return null;
    }
    const answer = await session.ask(DistrictDocument, { code: chosen });
    if (isStale()) return null;
    if (answer.problem) return answer.problem;
    this.absent = answer.data.district === null;
    if (this.current?.code !== answer.data.district?.code) this.cells = cellTree([]);
    this.current = answer.data.district;
    if (this.current) writeKept(keptWith(readKept(), this.current));
    // Before the first import there is nothing to ask for: that is no problem, and the page says so.
    return (answer.data.district?.planVersion ?? null) === null ? null : this.#loadCells(chosen, isStale);
  }

  async #loadCells(district: string, isStale: () => boolean): Promise<Problem | null> {
    const rows: CellRow[] = [];
    let after: string | null = null;
    for (let page = 0; page < CELL_PAGES_AT_MOST; page++) {
      const answer: Awaited<ReturnType<typeof askCells>> = await askCells(district, after);
      if (isStale()) return null;
      if (answer.problem) return answer.problem;
      rows.push(...(answer.data.cells?.nodes ?? []));
      const pageInfo = answer.data.cells?.pageInfo;
      if (!pageInfo?.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    this.cells = cellTree(rows);
    return null;
  }
}

function askCells(district: string, after: string | null) {
  return session.ask(CellsDocument, { district, first: CELL_PAGE_SIZE, after });
}

export const districts = new DistrictState();
