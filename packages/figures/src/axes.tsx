import { Label } from './frame.js';
import { px, type Scale } from './scale.js';

interface AxisProps {
  readonly scale: Scale;
  readonly count: number;
  readonly format: (value: number) => string;
  /** Where the axis is, across its own direction. */
  readonly at: number;
  /** How far its grid lines reach from there. */
  readonly grid: number;
}

/** Marks below and grid lines above. */
export function AxisX({ scale, count, format, at, grid }: AxisProps) {
  const ticks = scale.ticks(count);
  return (
    <g>
      <g stroke="currentColor" stroke-opacity={0.08}>
        {ticks.map((tick) => (
          <line key={tick} x1={px(scale(tick))} x2={px(scale(tick))} y1={px(at - grid)} y2={px(at)} />
        ))}
      </g>
      <g stroke="currentColor" stroke-opacity={0.7}>
        {ticks.map((tick) => (
          <line key={tick} x1={px(scale(tick))} x2={px(scale(tick))} y1={px(at)} y2={px(at + 4)} />
        ))}
      </g>
      {ticks.map((tick) => (
        <Label key={tick} x={scale(tick)} y={at + 17} text={format(tick)} anchor="middle" />
      ))}
    </g>
  );
}

/** Numbers to the left and grid lines to the right. */
export function AxisY({ scale, count, format, at, grid }: AxisProps) {
  const ticks = scale.ticks(count);
  return (
    <g>
      <g stroke="currentColor" stroke-opacity={0.12}>
        {ticks.map((tick) => (
          <line key={tick} x1={px(at)} x2={px(at + grid)} y1={px(scale(tick))} y2={px(scale(tick))} />
        ))}
      </g>
      {ticks.map((tick) => (
        <Label key={tick} x={at - 5} y={scale(tick) + 4} text={format(tick)} anchor="end" />
      ))}
    </g>
  );
}
