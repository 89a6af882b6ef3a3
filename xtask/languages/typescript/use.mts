// What the types let a caller write, and what they do not.

import type { EffectRequest, Task, TaskCallback, TaskStatus, KlingEffects } from './kling.js';

export const single: EffectRequest = {
  effect_scene: 'pet_lion_pro',
  input: { image: 'https://example.com/cat.jpg' },
};

export const dual: EffectRequest = {
  effect_scene: 'hug_pro',
  input: { images: ['https://example.com/a.jpg', 'https://example.com/b.jpg'], duration: '5', mode: 'pro' },
  external_task_id: 'order-4711',
};

// Words that nobody knows yet, and members without a name.
export const later: EffectRequest = {
  effect_scene: 'of_next_year',
  input: { image: 'https://example.com/cat.jpg', mode: 'ultra', model_name: 'kling-v9', seed: 1 },
  watermark_info: { enabled: true },
};

export function video(task: Task): string | undefined {
  if (task.task_status !== 'succeed') return undefined;
  return task.task_result?.videos?.[0]?.url ?? undefined;
}

export function status(posted: TaskCallback): TaskStatus | null | undefined {
  if ('task_id' in posted) return (posted as Task).task_status;
  if ('data' in posted) return (posted as KlingEffects['CallbackEnvelope']).data.task_status;
  return (posted as KlingEffects['FlatTask']).status;
}

const url = 'https://example.com/a.jpg';

// @ts-expect-error three images
export const three: EffectRequest = { effect_scene: 'hug_pro', input: { images: [url, url, url] } };

// @ts-expect-error one of two images
export const one: EffectRequest = { effect_scene: 'hug_pro', input: { images: [url] } };

// @ts-expect-error no image
export const none: EffectRequest = { effect_scene: 'hug_pro', input: { duration: '5' } };

// @ts-expect-error a number of seconds, where there is a string
export const seconds: EffectRequest = { effect_scene: 'hug_pro', input: { image: url, duration: 5 } };

// @ts-expect-error no scene
export const nothing: EffectRequest = { input: { image: url } };

// @ts-expect-error null, where a request leaves out
export const empty: EffectRequest = { effect_scene: 'hug_pro', input: { image: url }, callback_url: null };

// @ts-expect-error undefined, where a request leaves out
export const unset: EffectRequest = { effect_scene: 'hug_pro', input: { image: url }, callback_url: undefined };

// @ts-expect-error a number, where every id is too long for one
export const id: Task = { task_id: 2032273960331935744, task_status: 'succeed' };

// @ts-expect-error it may be absent or null
export const sure: (task: Task) => string = (task) => task.task_status;
