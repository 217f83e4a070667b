import type { ReactNode } from 'react';
import { HEATMAP_CLASSES, type HeatmapClass } from '../../../pipeline/heatmaps.js';
import { type ColourMap, colourOf, PROBABILITY_MAPS } from './colour-map.js';
import type { Command } from './keys.js';
import type { OverlaySettings } from './overlay-settings.js';
import { PRESET_LABELS, PRESETS, type Preset } from './window-level.js';

/** A button that is in or out. */
export function Toggle({
  pressed,
  letter,
  children,
  onClick,
}: {
  pressed: boolean;
  letter: string;
  children: ReactNode;
  onClick: () => void;
}): ReactNode {
  return (
    <button type="button" className="toggle" aria-pressed={pressed} title={`Key ${letter}`} onClick={onClick}>
      {children}
    </button>
  );
}

export const WindowControls = ({
  preset,
  inverted,
  ask,
}: {
  preset: Preset;
  inverted: boolean;
  ask: (command: Command) => void;
}): ReactNode => (
  <>
    <label>
      Window{' '}
      <select
        value={preset}
        onChange={({ target: { value } }) => {
          const chosen = PRESETS.find((one) => one === value);
          if (chosen !== undefined) ask({ kind: 'preset', preset: chosen });
        }}
      >
        {PRESETS.map((one) => (
          <option key={one} value={one}>
            {PRESET_LABELS[one]}
          </option>
        ))}
      </select>
    </label>
    <Toggle pressed={inverted} letter="I" onClick={() => ask({ kind: 'invert' })}>
      Invert
    </Toggle>
  </>
);

function OverlayControls({
  settings: { class: name, opacity, threshold },
  set,
  most = 1,
  what = 'Threshold',
}: {
  settings: OverlaySettings;
  set: (changed: Partial<OverlaySettings>) => void;
  /** The greatest threshold. */
  most?: number;
  what?: string;
}): ReactNode {
  return (
    <>
      <label>
        Class{' '}
        <select
          value={name}
          onChange={({ target: { value } }) => {
            const chosen: HeatmapClass | undefined = HEATMAP_CLASSES.find((one) => one === value);
            if (chosen !== undefined) set({ class: chosen });
          }}
        >
          {[...HEATMAP_CLASSES].reverse().map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <Slider
        label="Opacity"
        value={opacity}
        most={1}
        shown={`${Math.round(100 * opacity)} %`}
        set={(value) => set({ opacity: value })}
      />
      <Slider
        label={what}
        value={threshold}
        most={most}
        shown={threshold.toFixed(2)}
        set={(value) => set({ threshold: value })}
      />
    </>
  );
}

function Slider({
  label,
  value,
  most,
  shown,
  set,
}: {
  label: string;
  value: number;
  most: number;
  shown: string;
  set: (value: number) => void;
}): ReactNode {
  return (
    <label>
      {label}{' '}
      <input
        type="range"
        min={0}
        max={most}
        step={most / 100}
        value={Math.min(most, value)}
        aria-valuetext={shown}
        onChange={({ target }) => set(Number(target.value))}
      />
      <output>{shown}</output>
    </label>
  );
}

const STEPS = 32;

/** With a minus sign as it is printed. */
const signed = (value: number): string => String(value).replace('-', '−');

/** What the colours stand for, with the threshold below which there are none. */
export function Legend({
  map,
  low,
  high,
  threshold,
  title,
}: {
  map: ColourMap;
  low: number;
  high: number;
  threshold: number;
  title: string;
}): ReactNode {
  const share = (value: number): number => (100 * (value - low)) / (high - low);
  const hidden = low < 0 ? [share(-threshold), share(threshold)] : [0, share(threshold)];
  const [from, to] = hidden as [number, number];
  return (
    <figure className="legend">
      <figcaption>{title}</figcaption>
      <span>{signed(low)}</span>
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        {Array.from({ length: STEPS }, (_, step) => {
          const value = low + ((high - low) * (step + 0.5)) / STEPS;
          const colour = colourOf(map, value, low, high).map(Math.round).join(' ');
          return (
            <rect key={value} x={(100 * step) / STEPS} width={100 / STEPS + 0.2} height="8" fill={`rgb(${colour})`} />
          );
        })}
        <rect className="hidden-part" x={from} width={Math.max(0, to - from)} height="8" />
      </svg>
      <span>{low < 0 ? `+${signed(high)}` : high}</span>
    </figure>
  );
}

/** What is done with the picture that has the focus, and what the keys are. */
export const PictureButtons = ({ ask }: { ask: (command: Command) => void }): ReactNode => (
  <>
    <button type="button" title="Key S" onClick={() => ask({ kind: 'save' })}>
      Save
    </button>
    <button type="button" title="Key R" onClick={() => ask({ kind: 'reset' })}>
      Reset
    </button>
    <button type="button" title="Key ?" onClick={() => ask({ kind: 'help' })}>
      Keys
    </button>
  </>
);

/** How heatmaps are laid over the views, with their legend; further legends beside it. */
export const OverlayBar = ({
  word,
  settings,
  set,
  ask,
  children,
}: {
  word: string;
  settings: OverlaySettings;
  set: (change: (before: OverlaySettings) => OverlaySettings) => void;
  ask: (command: Command) => void;
  children?: ReactNode;
}): ReactNode => (
  <div className="viewer-bar">
    <Toggle pressed={settings.on} letter="H" onClick={() => ask({ kind: 'overlay' })}>
      {word}
    </Toggle>
    <OverlayControls settings={settings} set={(changed) => set((before) => ({ ...before, ...changed }))} />
    <Legend
      map={PROBABILITY_MAPS[settings.class]}
      low={0}
      high={1}
      threshold={settings.threshold}
      title="Probability"
    />
    {children}
  </div>
);
