// CredentialAgent: the agent of a container that hands out credentials, on loopback. It says how often
// it was asked; without a script of its own it answers with key-1, key-2…
//
//   CredentialAgent agent;
//   agent.announce();   // AWS_CONTAINER_CREDENTIALS_FULL_URI
#pragma once

#include <atomic>
#include <cstdlib>
#include <functional>
#include <string>

#include "tests/storage/http/scripted_server.hpp"

namespace pet::test {

inline std::string credential_answer(const std::string& key, const std::string& secret,
                                     const std::string& token, const std::string& expires) {
  std::string body = "{\"RoleArn\": \"arn\", \"AccessKeyId\": \"" + key +
                     "\", \"SecretAccessKey\": \"" + secret + "\", \"Token\": \"" + token + "\"";
  if (!expires.empty()) body += ", \"Expiration\": \"" + expires + "\"";
  return body + "}";
}

class CredentialAgent {
 public:
  using Client = ScriptedServer::Client;
  // Gets what was asked and the number of the request, from 1.
  using Answer = std::function<void(Client&, const std::string& request, int number)>;

  explicit CredentialAgent(Answer answer = {}) : answer_(std::move(answer)) {}

  void announce() const {
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", (server_.url() + "/creds").c_str(), 1);
  }
  int requests() const { return requests_; }

  // Credentials by number that expire then; never without.
  static void answer_number(Client& client, int number, const std::string& expires = {}) {
    client.answer(200,
                  credential_answer("key-" + std::to_string(number), "secret", "token", expires));
  }

 private:
  void serve(Client& client) {
    const std::string request = client.request();
    if (request.empty()) return;
    const int number = ++requests_;
    answer_ ? answer_(client, request, number) : answer_number(client, number);
  }

  Answer answer_;
  std::atomic<int> requests_{0};
  ScriptedServer server_{[this](Client& client) { serve(client); }};
};

}  // namespace pet::test
