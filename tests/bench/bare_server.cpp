// The bound of serve_bench: cpp-httplib as it is, and a handler that parses the same JSON, computes the
// same, and writes the same.
#include <httplib.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdio>

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

std::string answer(const std::string& body) {
  rapidjson::Document request;
  request.Parse<rapidjson::kParseFullPrecisionFlag>(body.data(), body.size());
  const rapidjson::Value& input = request["inputs"][0];
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  writer.Key("model_name");
  writer.String("tiny");
  writer.Key("model_version");
  writer.String("1");
  writer.Key("outputs");
  writer.StartArray();
  writer.StartObject();
  writer.Key("name");
  writer.String("y");
  writer.Key("datatype");
  writer.String("FP64");
  writer.Key("shape");
  input["shape"].Accept(writer);
  writer.Key("data");
  writer.StartArray();
  for (const rapidjson::Value& value : input["data"].GetArray()) {
    writer.Double(2 * value.GetDouble());
  }
  writer.EndArray();
  writer.EndObject();
  writer.EndArray();
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace

int main() {
  httplib::Server server;
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1'000'000);
  server.Post("/v2/models/tiny/infer",
              [](const httplib::Request& request, httplib::Response& response) {
                response.set_content(answer(request.body), "application/json");
              });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::printf("listening on http://127.0.0.1:%d\n", port);
  std::fflush(stdout);
  server.listen_after_bind();
}
