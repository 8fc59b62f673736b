import LatheML

/// Every option of `lathe train`, each declared once; other commands take some of them.
struct TrainingFlags: Sendable {
  // MARK: What is trained on what

  let model = Setting<String, Void>(
    "model", "The network, such as lenet", in: .argumentAndFile, .word(ModelCatalog.all.map(\.name)))
  let data = Setting<DataKind, Void>(
    "data", "The data's form, where its path does not tell; fashion-mnist where there is no path", of: .data)
  let dataDir = Setting<String, Void>(
    "data-dir",
    "A folder of IDX files, gzipped or not, or of PNG and JPEG files in one folder a class, perhaps under train and "
      + "test; without it Debian's package dataset-fashion-mnist is used", valueName: "dir", of: .dataPath,
    .text("name a folder"))
  let dataFile = Setting<String, Void>(
    "data-file",
    "A text, .csv, .jsonl, .npz, .npy or .tfrecord file; `lathe models` says what a network learns from",
    valueName: "file", of: .dataPath, .text("name a file"))
  let labelsFile = Setting<String, Void>(
    "labels-file", "The labels of images or rows in an .npy file", valueName: "file", of: .dataPath,
    onResume: .fixed, .text("name a file"))
  let device = Setting<String, Void>(
    "device", "auto, cpu, opencl or opencl:N, without it auto; see `lathe devices`",
    .text("give auto, cpu, opencl or opencl:N"))
  let json = Setting<Bool, Void>("json", "Print one JSON object a line on standard output")
  let trace = Setting<String, Void>(
    "trace",
    "Write what host and device did when, for Perfetto or chrome://tracing, and print the ten longest kernels",
    valueName: "file", .text("name a file"))
  let config = Setting<String, Void>(
    "config", "A JSON object with the long names of these options as keys, '_' for '-', and model",
    valueName: "file", in: .flag)

  // MARK: How the data is read

  let input = Setting<String, Void>(
    "input", "What holds the inputs: an array (images), a feature (image), a key or column of texts (text)",
    of: .data, onResume: .fixed, .text("name what holds the inputs"))
  let label = Setting<String, Void>(
    "label", "What holds the classes: a column, a key, a feature (label) or an array (labels)", of: .data,
    onResume: .fixed, .text("name what holds the classes"))
  let features = Setting<String, Void>(
    "features", "The columns of a table that are inputs, with commas between; all but the label's", of: .data,
    onResume: .fixed, .list("name columns, with commas between"))
  let missing = Setting<Double, Void>(
    "missing", "What stands for missing numbers of a table; without it they are an error", of: .data,
    onResume: .fixed, .number("a number"))
  let missingTexts = Setting<String, Void>(
    "missing-texts",
    "Texts that stand for missing values of a table, with commas between, instead of NA, null, nan and others; the "
      + "empty text always does", valueName: "list", of: .data, onResume: .fixed, takesDashes: true)
  let imageSize = Setting<Int, Void>(
    "image-size", "Height and width that images get; 32 where files have their own", of: .data,
    onResume: .fixed, .whole(1...1 << 13))
  let channels = Setting<Int, Void>(
    "channels", "1 for grey images, 3 for coloured ones", of: .data, onResume: .fixed,
    SettingRule { $1 == 1 || $1 == 3 ? nil : "--\($0) is \($1); give 1 or 3" })
  let length = Setting<Int, Void>(
    "length", "Characters of a text's windows; without it 128, of texts with classes 256", of: .data,
    onResume: .fixed, .whole(1...1 << 20))
  let testShare = Setting<Double, Double>(
    "test-share", "How much of data without a test set is for testing, the same in every run", without: 0.1,
    of: .data, onResume: .fixed, .share)
  let augment = Setting<String, Void>(
    "augment",
    "Changes of training images, in turn: "
      + Augmentation.Step.allCases.map(\.rawValue).joined(separator: ", "),
    valueName: "list", onResume: .fixed,
    .list(of: "augmentation", Augmentation.Step.allCases.map(\.rawValue)))
  let workers = Setting<Int, Int>(
    "workers", "Threads that make batches, on whose number no result depends", without: 1, .whole(0...1024))
  let dataLimit = Setting<String, Void>(
    "data-limit",
    "Memory that the data of a compressed file may take, such as 8G; 1G, or twice the file's size",
    valueName: "size", of: .data, takesDashes: true, .bytes)
  let pixelLimit = Setting<Int, Int>(
    "pixel-limit", "Pixels that an image may have", without: ImageFile.defaultPixelLimit, of: .data,
    .whole(1...1 << 31))
  let scanLimit = Setting<Int, Int>(
    "scan-limit", "Scans that a JPEG file may have", without: ImageFile.defaultScanLimit, of: .data, .positive
  )
  let skipBroken = Setting<Int, Int>(
    "skip-broken", "Leave out up to so many examples that cannot be read, and list them in the end",
    without: 0,
    of: .data, .notNegative)

  // MARK: How long

  let epochs = Setting<Int, Int>(
    "epochs", "Passes over the training set", without: 5, onResume: .configured, .positive)
  let steps = Setting<Int, Void>(
    "steps",
    "Ends after so many steps in all, within an epoch if need be; without --epochs in as many as it takes",
    onResume: .configured, .positive)
  let patience = Setting<Int, Void>(
    "patience", "Ends when the monitored figure has not improved for so many epochs", onResume: .configured,
    .positive)
  let target = Setting<Double, Void>(
    "target", "Ends when the monitored figure is as good as this", onResume: .configured, .number("a number"))
  let targetAccuracy = Setting<Double, Void>(
    "target-accuracy", "Ends when the test accuracy reaches this; --patience then watches it, too",
    onResume: .configured, .number("a share of right answers above 0, at most 1") { $0 > 0 && $0 <= 1 })

  // MARK: How it is trained

  let seed = Setting<UInt64, UInt64>(
    "seed", "Chooses the first weights and the order of the examples", without: 0, onResume: .configured)
  let batchSize = Setting<Int, Void>(
    "batch-size", "Examples a batch; without it the network's own", onResume: .configured, .positive)
  let dropLast = Setting<Bool, Void>(
    "drop-last", "Leave out the last batch of an epoch where it is smaller", onResume: .configured)
  let accumulate = Setting<Int, Int>(
    "accumulate", "Batches whose gradients make one step", without: 1, onResume: .configured, .positive)
  let optimizer = Setting<OptimizerName, OptimizerName>(
    "optimizer", "adam, adamw, sgd with momentum 0.9, and others", without: .adam, onResume: .configured)
  let learningRate = Setting<Float, Void>(
    "learning-rate", "The step size; without it 0.001 for adam, 0.01 for sgd, or the network's own",
    onResume: .configured, .positive)
  let schedule = Setting<ScheduleName, ScheduleName>(
    "schedule", "The course of the learning rate", without: .constant, onResume: .configured)
  let warmupSteps = Setting<Int, Int>(
    "warmup-steps", "Steps in which the learning rate rises from 0", without: 0, onResume: .configured,
    .notNegative)
  let weightDecay = Setting<Float, Void>(
    "weight-decay", "Weight decay of matrices and filters; biases and norms have none", onResume: .configured,
    .number("0 or more") { $0 >= 0 })
  let clipNorm = Setting<Float, Void>(
    "clip-norm", "The largest length of all gradients together", onResume: .configured, .positive)
  let labelSmoothing = Setting<Float, Float>(
    "label-smoothing", "The share of a target's weight that all classes get", without: 0, onResume: .fixed,
    .number("a number from 0 up to but without 1") { $0 >= 0 && $0 < 1 })
  let average = Setting<Float, Void>(
    "average", "Tests and stores a moving average of the weights that keeps so much, such as 0.999",
    onResume: .configured, .share)
  let precision = Setting<Precision, Precision>(
    "precision", "The type of products and convolutions; parameters stay float32", without: .float32,
    onResume: .configured)
  let recompute = Setting<Bool, Void>(
    "recompute",
    "Keep only the inputs of layers and compute them again for the gradient: less memory, more time")

  // MARK: What it starts from

  let weights = Setting<String, Void>(
    "weights",
    "First weights: a .safetensors or .npz file, the .index.json of several, or the folder of a run; taken in the model's type",
    valueName: "file",
    onResume: .fixed, .text("name a file or the folder of a run"))
  let weightsPrefix = Setting<String, Void>(
    "weights-prefix", "What the weights' names begin with in the file and not here, such as 'module.'",
    .text("give what the names begin with, or leave it out"))
  let partial = Setting<Bool, Void>("partial", "Take the weights that fit, and list those that do not")
  let freeze = Setting<String, Void>(
    "freeze",
    "Leave out of training: paths such as 0 or '*.bias', with commas between, or 'loaded' for the weights taken",
    valueName: "pattern", onResume: .fixed, .list("give paths of parameters, with commas between"))

  // MARK: What is shown, stored and checked

  let metrics = Setting<String, Void>(
    "metrics", "Further figures of the tests, with commas between: f1-macro, top-5, rmse and others",
    valueName: "list", .metrics)
  let monitor = Setting<String, Void>(
    "monitor",
    "The figure of the test that decides which weights are best, and that --patience and --target watch: loss, accuracy "
      + "or a metric; without it loss", valueName: "name", onResume: .configured, .monitor)
  let testEvery = Setting<Int, Void>(
    "test-every", "Also test every so many steps, not only after each epoch", onResume: .configured, .positive
  )
  let checkpointEvery = Setting<Int, Void>(
    "checkpoint-every", "Also write a checkpoint every so many steps, not only after each epoch",
    onResume: .configured, .positive)
  let keep = Setting<Int, Int>(
    "keep", "Checkpoints that stay", without: 2, onResume: .configured, .positive)
  let checkNumbers = Setting<Bool, Void>(
    "check-numbers",
    "Read every loss before its step, to name the layer that makes a NaN; always so on the CPU",
    onResume: .configured)
  let synchronizePhases = Setting<Bool, Void>(
    "synchronize-phases",
    "Wait for the device after each phase, so that the report shows where its time goes",
    onResume: .configured)
  let output = Setting<String, Void>(
    "output", "The folder for checkpoints, records and the model; without it runs/MODEL-N", valueName: "dir",
    .text("name a folder"))
  let resume = Setting<Bool, Void>("resume", "Go on from the newest checkpoint in the output folder")
  let dryRun = Setting<Bool, Void>(
    "dry-run", "Train on one batch, print what the network is and takes, and write nothing")
  let findLearningRate = Setting<Bool, Void>(
    "find-learning-rate",
    "Train with a rising learning rate, print the losses and a suggestion, and keep nothing of it")
}
