import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { StageRow } from '../../contract/stages.js';
import { count } from '../parts/figures.js';
import { useAddress } from '../parts/use-address.js';
import { layOut, type Place } from './layout.js';
import { servedBy } from './served-by.js';

const BOX = { width: 188, height: 58 } as const;
const GAP = { x: 56, y: 22 } as const;
const EDGE = 8;

const xOf = ({ column }: Place): number => EDGE + column * (BOX.width + GAP.x);
const yOf = ({ row }: Place): number => EDGE + row * (BOX.height + GAP.y);

/** The stages and what each reads, from left to right as they run. A stage leads to its settings. */
export function StageGraph({ stages, chosen }: { stages: readonly StageRow[]; chosen: string | undefined }): ReactNode {
  const places = layOut(stages);
  const placeOf = new Map(places.map((place) => [place.name, place]));
  const width = Math.max(...places.map(xOf)) + BOX.width + EDGE;
  const height = Math.max(...places.map(yOf)) + BOX.height + EDGE;
  const lines = stages.flatMap((stage) =>
    stage.upstream.flatMap((from) => {
      const [start, end] = [placeOf.get(from), placeOf.get(stage.stage)];
      return start && end
        ? [{ name: `${from} ${stage.stage}`, path: lineOf(start, end), ends: [from, stage.stage] }]
        : [];
    }),
  );
  return (
    <section className="panel scrolls" aria-label="The graph of the stages" tabIndex={0}>
      <svg className="stage-graph" viewBox={`0 0 ${width} ${height}`} width={width} height={height}>
        <title>What each stage reads</title>
        <defs>
          <marker
            id="arrow"
            markerUnits="userSpaceOnUse"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="9"
            markerHeight="9"
            orient="auto"
          >
            <path d="M0 0 L8 4 L0 8 Z" />
          </marker>
        </defs>
        {lines.map(({ name, path, ends }) => (
          <path
            key={name}
            className={chosen !== undefined && ends.includes(chosen) ? 'line of-chosen' : 'line'}
            d={path}
            markerEnd="url(#arrow)"
          />
        ))}
        {places.map((place) => {
          const stage = stages.find((one) => one.stage === place.name);
          return stage === undefined ? (
            <Source key={place.name} place={place} />
          ) : (
            <Box key={place.name} place={place} of={stage} isChosen={place.name === chosen} />
          );
        })}
      </svg>
    </section>
  );
}

/** From the right side of a box to the left side of another. */
function lineOf(from: Place, to: Place): string {
  const [x1, y1] = [xOf(from) + BOX.width, yOf(from) + BOX.height / 2];
  const [x2, y2] = [xOf(to) - 2, yOf(to) + BOX.height / 2];
  // A line that passes other columns goes between the boxes, just before its end.
  const bend = x2 - GAP.x / 2;
  if (to.column - from.column === 1 || from.row !== to.row) {
    const start = Math.max(x1, bend - GAP.x / 2 - 2);
    const middle = y1 === y2 || to.column - from.column === 1 ? y1 : yOf(from) + BOX.height + GAP.y / 2;
    if (middle === y1) return `M${x1} ${y1} C${bend} ${y1} ${bend} ${y2} ${x2} ${y2}`;
    const turn = x1 + GAP.x / 2;
    return `M${x1} ${y1} C${turn} ${y1} ${turn} ${middle} ${x1 + GAP.x} ${middle} L${start} ${middle} C${bend} ${middle} ${bend} ${y2} ${x2} ${y2}`;
  }
  const below = yOf(from) + BOX.height + GAP.y / 2;
  const turn = x1 + GAP.x / 2;
  return `M${x1} ${y1} C${turn} ${y1} ${turn} ${below} ${x1 + GAP.x} ${below} L${x2 - GAP.x} ${below} C${bend} ${below} ${bend} ${y2} ${x2} ${y2}`;
}

const Source = ({ place }: { place: Place }): ReactNode => (
  <g className="source" transform={`translate(${xOf(place)} ${yOf(place)})`}>
    <rect width={BOX.width} height={BOX.height} rx="29" />
    <text x={BOX.width / 2} y={BOX.height / 2 + 5} textAnchor="middle">
      {place.name}
    </text>
  </g>
);

function Box({ place, of, isChosen }: { place: Place; of: StageRow; isChosen: boolean }): ReactNode {
  const addressWith = useAddress();
  const { stage, version, class: resource, backlog, departs } = of;
  const served = servedBy(of);
  const isSet =
    Object.keys(departs.parameters).length > 0 || departs.queue !== undefined || departs.version !== undefined;
  const waits = backlog !== null && backlog > 0 ? `, ${count(backlog)} wait` : '';
  return (
    <Link
      href={addressWith({ stage })}
      className={isChosen ? 'box chosen' : 'box'}
      aria-current={isChosen ? 'true' : undefined}
    >
      <g transform={`translate(${xOf(place)} ${yOf(place)})`}>
        <rect className="frame" width={BOX.width} height={BOX.height} rx="8" />
        <circle className={`lamp ${served.look}`} cx="14" cy="40" r="4">
          <title>{served.words}</title>
        </circle>
        <text className="name" x="12" y="22">
          {stage}
        </text>
        <text className="detail" x="24" y="44">
          {`${resource} · v${version}${waits}`}
        </text>
        {isSet && (
          <path className="is-set" d={`M${BOX.width - 22} 0 h14 a8 8 0 0 1 8 8 v14 Z`}>
            <title>set otherwise than by default</title>
          </path>
        )}
      </g>
    </Link>
  );
}
