// The left-right mirror image of actions and observations.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "motorium/robots/tasks/compiler.h"
#include "motorium/robots/tasks/tasks.h"

namespace motorium {

// mirrored[i] = sign[i] original[index[i]]
void Compiler::read_mirror() {
  c_.observation_mirror.resize(static_cast<size_t>(t_.ngroup));
  if (!top_.has("mirror")) return;
  const std::filesystem::path path = std::filesystem::path(robots_folder()) / top_.text("mirror");
  std::ifstream in(path);
  require(in.good(), top_.where() + ".mirror: " + path.string() + " cannot be read");
  const Json j = Json::parse(in, nullptr, false);
  require(!j.is_discarded(), path.string() + ": not valid JSON");
  Reader file(j, path.string());
  file.text("about", "");

  // joints and feet as permutations that undo themselves
  std::vector<std::pair<int, float>> joint(c_.joint_names.size(), {-1, 0.f});
  const Json& joints = file.at("joints");
  require(joints.is_object(), path.string() + ".joints: must be an object");
  for (const auto& [name, partner] : joints.items()) {
    require(partner.is_array() && partner.size() == 2 && partner[0].is_string() &&
                partner[1].is_number(),
            path.string() + ".joints." + name + ": must be [partner, sign]");
    const int to = index_of(c_.joint_names, name, path.string());
    joint[static_cast<size_t>(to)] = {
        index_of(c_.joint_names, partner[0].get<std::string>(), path.string()),
        partner[1].get<float>()};
  }
  for (size_t i = 0; i < joint.size(); ++i) {
    require(joint[i].first >= 0, path.string() + ": no partner for " + c_.joint_names[i]);
    const auto& back = joint[static_cast<size_t>(joint[i].first)];
    require(back.first == static_cast<int>(i) && back.second == joint[i].second &&
                std::fabs(joint[i].second) == 1.f,
            path.string() + ": " + c_.joint_names[i] + " and its partner do not agree");
    const float there = c_.joints[static_cast<size_t>(joint[i].first)].q0;
    require(std::fabs(joint[i].second * there - c_.joints[i].q0) < 1e-6f,
            path.string() + ": the default pose of " + c_.joint_names[i] + " is not symmetric");
  }
  std::vector<int> foot(c_.foot_names.size(), -1);
  const Json none = Json::object();
  const Json& feet = file.has("feet") ? file.at("feet") : none;
  for (const auto& [name, partner] : feet.items())
    if (!c_.foot_names.empty())
      foot[static_cast<size_t>(index_of(c_.foot_names, name, path.string()))] =
          index_of(c_.foot_names, partner.get<std::string>(), path.string());
  file.finish();
  for (size_t i = 0; i < foot.size(); ++i)
    require(foot[i] >= 0, path.string() + ": no partner for the foot " + c_.foot_names[i]);

  // actions follow the joints they drive
  for (const ActionRow& a : c_.actions) {
    require(a.joint >= 0, top_.where() + ".mirror: needs joint_position actions");
    const auto [partner, sign] = joint[static_cast<size_t>(a.joint)];
    const auto to = std::find_if(c_.actions.begin(), c_.actions.end(),
                                 [&, p = partner](const ActionRow& r) { return r.joint == p; });
    require(to != c_.actions.end() && to->scale == a.scale,
            top_.where() + ".mirror: partner joints need the same action scale");
    c_.action_mirror.emplace_back(static_cast<int>(to - c_.actions.begin()), sign);
  }

  // observations: polar vectors flip y, axial ones flip x and z
  for (int g = 0; g < t_.ngroup; ++g) {
    auto& out = c_.observation_mirror[static_cast<size_t>(g)];
    const std::vector<ObserveElement>& elements = c_.elements[g];
    const auto find = [&](size_t i, int index) {
      // the same term's element of that index: terms lie together
      size_t first = i;
      while (first > 0 && elements[first - 1].kind == elements[i].kind) --first;
      for (size_t k = first; k < elements.size() && elements[k].kind == elements[i].kind; ++k)
        if (elements[k].index == index) return static_cast<int>(k);
      throw Error(top_.where() + ".mirror: a partner joint is not observed");
    };
    for (size_t i = 0; i < elements.size(); ++i) {
      const ObserveElement& e = elements[i];
      const float polar[3] = {1, -1, 1}, axial[3] = {-1, 1, -1}, twist[3] = {1, -1, -1};
      switch (static_cast<ObserveTerm>(e.kind)) {
        case ObserveTerm::base_lin_vel:
        case ObserveTerm::projected_gravity:
          out.emplace_back(int(i), polar[e.index]);
          break;
        case ObserveTerm::base_ang_vel:
          out.emplace_back(int(i), axial[e.index]);
          break;
        case ObserveTerm::generated_commands:
          out.emplace_back(int(i), twist[e.index]);
          break;
        // the mirrored gait is half a period away
        case ObserveTerm::gait_phase:
          out.emplace_back(int(i), -1.f);
          break;
        case ObserveTerm::joint_pos_rel:
        case ObserveTerm::joint_vel_rel:
        case ObserveTerm::joint_effort: {
          const auto [partner, sign] = joint[static_cast<size_t>(e.index)];
          out.emplace_back(find(i, partner), sign);
          break;
        }
        case ObserveTerm::last_action: {
          const auto [partner, sign] = c_.action_mirror[static_cast<size_t>(e.index)];
          out.emplace_back(find(i, partner), sign);
          break;
        }
        case ObserveTerm::foot_contact:
        case ObserveTerm::foot_air_time:
        case ObserveTerm::foot_height:
          out.emplace_back(find(i, foot[static_cast<size_t>(e.index)]), 1.f);
          break;
        case ObserveTerm::foot_contact_forces: {
          const int f = foot[static_cast<size_t>(e.index / 3)], axis = e.index % 3;
          out.emplace_back(find(i, 3 * f + axis), polar[axis]);
          break;
        }
        case ObserveTerm::gravity_sensor:
        case ObserveTerm::sensor: {
          // vectors of a sensor in the plane of symmetry
          int s = 0;
          while (m_.sensor_adr[static_cast<size_t>(s)] + m_.sensor_dim[static_cast<size_t>(s)] <=
                 e.index)
            ++s;
          const int axis = e.index - m_.sensor_adr[static_cast<size_t>(s)];
          require(m_.sensor_dim[static_cast<size_t>(s)] == 3,
                  top_.where() + ".mirror: cannot mirror sensor " +
                      m_.sensor_name[static_cast<size_t>(s)]);
          const auto type = static_cast<SensorType>(m_.sensor_type[static_cast<size_t>(s)]);
          const bool turns = type == SensorType::gyro || type == SensorType::frameangvel ||
                             type == SensorType::subtreeangmom;
          out.emplace_back(int(i), turns ? axial[axis] : polar[axis]);
          break;
        }
      }
    }
  }
}

}  // namespace motorium
