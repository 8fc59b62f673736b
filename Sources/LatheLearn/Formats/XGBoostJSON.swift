import FoundationEssentials
import LatheCore

/// The parts of XGBoost's JSON that predictions depend on.
struct XGBoostFile: Decodable {
  struct Learner: Decodable {
    var featureNames: [String]?
    var gradientBooster: Booster
    var learnerModelParam: ModelParameters
    var objective: Objective

    enum CodingKeys: String, CodingKey {
      case objective
      case featureNames = "feature_names"
      case gradientBooster = "gradient_booster"
      case learnerModelParam = "learner_model_param"
    }
  }

  struct ModelParameters: Decodable {
    var baseScore: String
    var numClass: String
    var numFeature: String
    var numTarget: String?

    enum CodingKeys: String, CodingKey {
      case baseScore = "base_score"
      case numClass = "num_class"
      case numFeature = "num_feature"
      case numTarget = "num_target"
    }
  }

  struct Objective: Decodable {
    var name: String
  }

  struct Booster: Decodable {
    var name: String
    var model: Model?
    /// DART has the trees one level deeper, with weights beside them.
    var gbtree: Inner?
    var weightDrop: [Float]?
    struct Inner: Decodable { var model: Model }
    enum CodingKeys: String, CodingKey {
      case name, model, gbtree
      case weightDrop = "weight_drop"
    }
  }

  struct Model: Decodable {
    var treeInfo: [Int]
    var trees: [TreeContent]
    enum CodingKeys: String, CodingKey {
      case trees
      case treeInfo = "tree_info"
    }
  }

  /// Versions differ in whether flags are numbers or truth values.
  struct Flag: Decodable {
    var isSet: Bool
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        isSet = number != 0
      } else {
        isSet = try container.decode(Bool.self)
      }
    }
  }

  struct TreeContent: Decodable {
    var baseWeights: [Float]
    var categories: [Int]
    var categoriesNodes: [Int]
    var categoriesSegments: [Int]
    var categoriesSizes: [Int]
    var defaultLeft: [Flag]
    var leftChildren: [Int]
    var rightChildren: [Int]
    var lossChanges: [Float]
    var splitConditions: [Float]
    var splitIndices: [Int]
    var splitType: [Int]
    var sumHessian: [Float]

    enum CodingKeys: String, CodingKey {
      case categories
      case baseWeights = "base_weights"
      case categoriesNodes = "categories_nodes"
      case categoriesSegments = "categories_segments"
      case categoriesSizes = "categories_sizes"
      case defaultLeft = "default_left"
      case leftChildren = "left_children"
      case rightChildren = "right_children"
      case lossChanges = "loss_changes"
      case splitConditions = "split_conditions"
      case splitIndices = "split_indices"
      case splitType = "split_type"
      case sumHessian = "sum_hessian"
    }
  }

  var learner: Learner
}
