import { said } from './said.zh.js';
import type { Texts } from './texts.js';

const epochs = (n: number) => `${n} 轮`;
const zerosToo = '稠密内核会照样乘这些零';

export const chinese: Texts = {
  lang: 'zh-CN',
  name: '中文',
  figure: {
    before: '剪枝前',
    after: '剪枝后',
    mask: '掩码',
    keep: '保留',
    prune: '剪去',
    weight: '权重',
    output: '输出',
    gone: '整行或整列已移除',
    weightsRoot: '权重个数（平方根刻度）',
    threshold: (value) => `阈值 ±${value}`,
    lines: (granularity) => `线条按 ${granularity} 划分`,
    mapExtent: (shown, of) => `${of === null ? `全部 ${shown}` : `${of} 中的前 ${shown}`}；每列对应一个输出`,
    beforeAfterLabel: (kernel, kept, weights) => `${kernel} 的直方图：${weights} 个权重中保留 ${kept} 个`,
    beforeCount: (weights, threshold) =>
      `${weights} 个权重，${threshold === null ? '没有单一阈值' : threshold === '0' ? '阈值为 0' : `阈值 ±${threshold}（虚线）`}`,
    afterCount: (kept, zeros) => (zeros === null ? `保留全部 ${kept} 个` : `保留 ${kept} 个，${zeros} 个零未画出`),
    maskExtent: (shown, of, pruned) => `${of === null ? `全部 ${shown}` : `${of} 中的前 ${shown}`}，共剪去 ${pruned}`,
    pruningLabel: (title) => `${title}：剪枝前后的权重与掩码`,
    against: (y, x) => `${y}与${x}`,
    labelsLeftOut: (count) => `另有 ${count} 个标签因空间不足未写出`,
    greyCurves: (count) => `灰色：另外 ${count} 条下降较少的曲线`,
  },
  names: {
    unstructured: '单个权重',
    structured: '通道',
    magnitude: '幅值',
    gradient: '梯度',
    hessian: '海森',
    random: '随机',
    global: '全局',
    local: '逐层',
    output: '逐输出',
  },
  blocks: (outputs, inputs) => `${outputs}×${inputs} 块`,
  comma: '，',
  semicolon: '；',
  colon: '：',

  title: (model) => `${model} 的剪枝`,
  dense: '稠密',
  fineTuned: '微调后',
  epochs,
  fineTunedFor: (duration) => `微调 ${duration}`,

  facts: {
    model: '模型',
    modelText: (name, params, kernels, macs) =>
      `${name}：${params} 个参数，${kernels} 个权重张量，每个样本 ${macs} 次 MAC`,
    data: '数据',
    dataText: (name, samples) => `${name}，精度在 ${samples} 个样本上测得`,
    sharedData: '校准用的是同一批样本',
    noData: '无，因此没有精度',
    trials: '方案',
    measured: (n) => `实测 ${n} 个`,
    scorer: (name) => `显著性：${name}`,
    scope: (name) => `范围：${name}`,
    fineTuning: (duration) => `微调 ${duration}`,
    batch: (sizes) => `批大小 ${sizes}`,
    machine: '机器',
    cores: (n) => `${n} 核`,
    when: '时间',
  },

  summary: {
    heading: '要点',
    smallest: '最小',
    quickest: (backend) => `在 ${backend} 上最快`,
    mostAccurate: '精度最高',
    points: (signed) => `${signed} 个百分点`,
    smaller: (times) => `缩小到 1/${times.replace('×', '')}`,
    quicker: (times) => `速度为稠密模型的 ${times}`,
    within: (n) => `取自精度损失不超过 ${n} 个百分点的方案。`,
    noneWithin: (n) => `没有方案的精度损失在 ${n} 个百分点以内。`,
    noneQuicker: '没有方案比稠密模型更快',
  },

  granularity: {
    heading: '每种粒度值多少',
    read: (n) =>
      `每种粒度取精度损失不超过 ${n} 个百分点的最小方案。加速：稠密模型的时间除以剪枝模型的时间，取同一轮次中两者都运行的中位数与 p10–p90；旁边是仅按 MAC 数所能达到的倍数，以及其中实现了多少。`,
    column: '粒度',
    smaller: '体积缩小，brotli',
    compact: '体积缩小，紧凑文件',
    compactFile: '紧凑文件',
    quicker: (backend) => `${backend} 上的加速`,
    hardware: '能让它变快的硬件',
    needs: ({ kind, name, units }) => {
      if (units) return `任何硬件：普通稠密内核，只是${kind === 'channels' ? '通道' : ` ${name} `}更少`;
      if (kind === 'block') return `支持块的 SIMD 内核，如 @espalier/kernels-wasm；${zerosToo}`;
      if (kind === 'weights') return `稀疏内核；${zerosToo}`;
      const cores = name === '2:4' ? '（带稀疏张量核心的 GPU 就有）' : '';
      return `支持 ${name} ${kind === 'n:m' ? '模式' : ''}的内核${cores}；${zerosToo}`;
    },
    of: (times) => `按 MAC 数可达 ${times}`,
    realised: (share) => `实现了 ${share}`,
    noneWithin: (n) => `均超出 ${n} 个百分点`,
  },

  trials: {
    heading: '所有方案',
    read: '参数与 MAC：保留的比例。时间：中位数、p10–p90，以及同一轮次中稠密模型的时间除以剪枝模型的时间；p10 与 p90 结论一致时着色。',
    trial: '方案',
    sparsity: '稀疏度',
    accuracy: '精度，%',
    params: '参数',
    macs: 'MAC',
    ofWeights: '按权重计',
    ofChannels: '按通道计',
    ranOn: (backend) => `实际运行于 ${backend}`,
  },

  terminal: {
    model: (name, params, macs) => `${name}：${params} 个参数，每个样本 ${macs} 次 MAC`,
    measured: (samples, data) => `，精度（%）在 ${data} 的 ${samples} 个样本上测得`,
    accuracy: '精度',
    params: '参数',
    compact: '紧凑',
    sharesKept: (heads) => `${heads}：保留的比例`,
    times: '时间：一批的中位数，以及同一轮次中稠密模型的时间除以它',
    leftOut: (heads) => `此处放不下、报告中有的列：${heads}`,
    leftOutOfChanges: (heads) => `此处放不下、页面中可见的列：${heads}`,
    note: (text, trials) => `说明：${text}${trials === '' ? '' : `（${trials}）`}`,
    impossible: (trial, message) => `无法进行：${trial}：${message}`,
  },

  sizes: {
    heading: '文件大小',
    read: '原始、gzip 与 brotli：写出的 model.json 及其权重，每个字节都计入。紧凑：一个 .espalier 文件，数值逐位保留（float32）或用更短的形式，并给出从该文件读回的模型的精度。',
    raw: '原始',
    gzip: 'gzip',
    brotli: 'brotli',
    compact: (values) => `紧凑，${values}`,
  },

  pareto: {
    heading: '精度与代价',
    read: '越靠左上越好。折线是帕累托前沿：前沿上的方案，不会有别的方案在两个轴上都胜过它。标签为稀疏度。',
    accuracy: '精度，%',
    sizeTitle: '精度与文件大小',
    size: '文件大小，brotli',
    compactTitle: '精度与紧凑文件大小',
    compact: '紧凑文件的大小',
    latencyTitle: (backend) => `精度与 ${backend} 上的延迟`,
    latency: '同一轮次中相对稠密模型的时间，附 p10–p90',
    description: (title, all, frontier) => `${title}。共 ${all} 个点。前沿上有：${frontier}`,
    point: (trial, accuracy, cost) => `${trial}：${accuracy}%，${cost}`,
  },

  layers: {
    heading: '零在哪里',
    read: '每个权重张量的稀疏度及其占全部参数的比例。全局范围内由分数决定各层剪多少；逐层时每层剪去相同的比例。',
    title: (sparsity) => `稀疏度 ${sparsity} 时各权重张量的稀疏度`,
    axis: '剪去的权重比例',
    share: (percent) => `占参数的 ${percent}`,
    largest: (shown, all) => `共 ${all} 个权重张量，此处为最大的 ${shown} 个。`,
  },

  kernel: {
    heading: '一个权重张量，逐个权重',
    read: '剪枝前：全部权重，若由一个阈值决定则以虚线画出。剪枝后：保留的权重。掩码：最前面的若干行和列。',
  },

  notes: {
    heading: '说明',
    impossible: (trial) => `无法进行：${trial}`,
    omitted: (sections) => `为控制文件大小而省略，数据见 JSON：${sections}。`,
  },

  again: { heading: '重新生成' },

  comparison: {
    title: (model) => `${model} 的两份报告`,
    heading: '变化',
    read: '旧值、新值与差。只有超出噪声的差异才算更好或更差。',
    size: 'brotli',
    latency: (backend) => `${backend}，相对稠密`,
    noise: '在噪声之内',
    better: '更好',
    worse: '更差',
    same: '相同',
    added: '仅见于新报告',
    removed: '仅见于旧报告',
    nothing: '两份报告没有共同的方案。',
    verdict: (better, worse, noise) => `${better} 项更好，${worse} 项更差，${noise} 项相同或在噪声之内`,
    differs: (what, old, now) => `两份报告的${what}不同：${old} → ${now}。`,
    method: (old, now) =>
      `精度：噪声取分别在 ${old} 与 ${now} 个样本上的两次测量之差的两倍标准误，视两次测量为独立。时间：每个时间都除以同一轮次中稠密模型的时间，两个比值的 p10–p90 不重叠时才算不同。文件大小没有噪声。`,
  },

  said,

  save: (what, form) => `下载“${what}”，${form}`,
  language: '语言',
};
